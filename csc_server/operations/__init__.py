"""The order of effects: one class per API method, its steps from top to bottom.

Operations decide nothing themselves (that is ``policies``) and know no JSON, no SQL and no
PKCS#11: facts in, a rule's word, effects, result.
"""
