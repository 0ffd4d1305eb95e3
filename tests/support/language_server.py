"""A client of a language server, as editors have one: requests and responses over pipes."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self


class LanguageServer:
    """basedpyright's server with one program open, from the environment of this interpreter.

    Places in the program are named by the text that stands there.
    """

    def __init__(self, program: Path) -> None:
        self._text = program.read_text(encoding="utf-8")
        self._uri = program.as_uri()
        self._folder = program.parent.as_uri()
        self._numbers = count(1)
        server = Path(sys.executable).with_name("basedpyright-langserver")
        self._process = subprocess.Popen(
            [server, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def __enter__(self) -> Self:
        folder = {"uri": self._folder, "name": "folder"}
        able = {"workspace": {"configuration": True}}
        self._call("initialize", processId=None, capabilities=able, workspaceFolders=[folder])
        self._send("initialized", params={})
        text = {"uri": self._uri, "languageId": "python", "version": 1, "text": self._text}
        self._send("textDocument/didOpen", params={"textDocument": text})
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.kill()
        with self._process:
            pass

    def hover(self, text: str) -> str:
        """What is shown when the pointer is on the last character of this text."""
        return str(self._at("hover", text, -1)["contents"]["value"])

    def signature(self, text: str) -> dict[str, Any]:
        """What is shown while a call is typed as far as this text."""
        (signature,) = self._at("signatureHelp", text, 0)["signatures"]
        assert isinstance(signature, dict)
        return signature

    def completions(self, text: str) -> list[str]:
        """What is offered when the program is typed as far as this text."""
        return [item["label"] for item in self._at("completion", text, 0)["items"]]

    def _at(self, what: str, text: str, offset: int) -> dict[str, Any]:
        before = self._text[: self._text.index(text) + len(text) + offset]
        line, _, rest = before.rpartition("\n")
        place = {"line": line.count("\n") + 1, "character": len(rest)}
        document = {"uri": self._uri}
        result = self._call(f"textDocument/{what}", textDocument=document, position=place)
        assert isinstance(result, dict), result
        return result

    def _call(self, method: str, **params: object) -> Any:
        number = next(self._numbers)
        self._send(method, id=number, params=params)
        while (message := self._receive()).get("id") != number or "method" in message:
            if message.get("method") == "workspace/configuration":
                settings = [{"pythonPath": sys.executable} for _ in message["params"]["items"]]
                self._send(id=message["id"], result=settings)
            elif "id" in message:
                self._send(id=message["id"], result=None)
        return message["result"]

    def _send(self, method: str | None = None, **members: object) -> None:
        named = members if method is None else {"method": method, **members}
        body = json.dumps({"jsonrpc": "2.0", **named}).encode()
        pipe = _open(self._process.stdin)
        pipe.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        pipe.flush()

    def _receive(self) -> dict[str, Any]:
        pipe = _open(self._process.stdout)
        headers = {}
        while line := pipe.readline().strip():
            name, _, value = line.partition(b":")
            headers[name.lower()] = value
        message = json.loads(pipe.read(int(headers[b"content-length"])))
        assert isinstance(message, dict)
        return message


def _open(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe
