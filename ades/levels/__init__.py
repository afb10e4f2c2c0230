"""Levels above B-B: evidence and archive time-stamps around signatures that exist.

``pades`` and ``cades`` are single steps over a document, without waiting for anybody; ``raising``
puts them in their order for callers that can wait for time-stamps and evidence. Whether evidence
is right is judged by ``ades.validation``, on the result.
"""
