"""Extensions of Sphinx, by which the reference, tables and drawings are made of the code."""
