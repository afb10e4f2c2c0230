"""From kind and facts to words: mails as text and HTML, SMS as text, in three languages.

``words`` is what we say, in English; ``locale/*.po`` says it in Romanian and French; the
templates give mails their shape. Pages have words of their own.
"""
