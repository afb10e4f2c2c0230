"""The signing service: CSC API v1 and v2 over aiohttp.

Layers, each importing only what stands below it: ``__main__``, ``commands``, ``app``, ``web``,
then the siblings ``wire``, ``operations``, ``storage`` and ``adapters``, then ``ports`` and
``config``.
"""
