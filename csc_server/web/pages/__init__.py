"""Pages for people: HTML, a session cookie, a token in every form. (ui; security-and-pki 5.3)

``table`` lists them; ``page`` is what stands around each; the handlers parse a form, call an
operation and render. An API never comes here, and a page never reads a bearer token.
"""
