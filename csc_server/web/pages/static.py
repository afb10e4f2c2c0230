"""Style sheet, script and icon of the pages, under names that change with their content."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from csc_server.web.pages import headers
from webui.assets import Asset


@dataclass(frozen=True, slots=True)
class Static:
    """Answers with one file, the same for everybody."""

    asset: Asset

    async def __call__(self, request: web.Request) -> web.Response:
        """The file."""
        del request
        response = web.Response(body=self.asset.body)
        response.headers.update(headers.OF_ASSET)
        response.headers["Content-Type"] = self.asset.content_type
        return response
