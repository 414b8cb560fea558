"""What MkDocs does to a page beside rendering it.

Pages link to source files, which are there when the documentation is read in the repository and
are not part of the built site. In the site, such a link becomes its text.
"""

from __future__ import annotations

import posixpath
import re
from typing import Any

_LINK = re.compile(r"\[([^\]\n]+)\]\((\.\./[^)\s]+)\)")


def on_page_markdown(markdown: str, /, *, page: Any, **_: Any) -> str:
    """Keep the text of links that leave the documentation's folder."""
    folder = posixpath.dirname(page.file.src_uri)

    def kept(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(folder, link[2]))
        return link[1] if target.startswith("../") else link[0]

    return _LINK.sub(kept, markdown)
