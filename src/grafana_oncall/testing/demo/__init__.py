"""`python -m grafana_oncall.testing.demo`: what the SDK is for, told in five acts."""
