"""The look of every page: one stylesheet, icons, Jinja macros, the paraph mark, languages.

Knows no domain, no HTTP client, no SQL; what a page does stands in the room that serves it.

How a room uses it
    ``environment.environment(language, site, *loaders, catalogues=[...])`` once per language;
    ``assets.ASSETS`` answered under ``/static/`` with ``assets.CACHE_CONTROL``; then each page
    renders with ``frame=Frame(...)``::

        {% extends "webui/narrow.html" %}
        {% import "webui/macros.html" as ui %}
        {% block title %}{{ _("Sign in") }}{% endblock %}
        {% block content %}<h1>{{ self.title() }}</h1> ... {% endblock %}

    ``webui/narrow.html``: one column. Blocks title, head, layout, banners, content. With
    ``{% block layout %}split{% endblock %}`` login's two columns: put the form's card first, then
    ``ui.specimen()``.
    ``webui/shell.html``: signed-in site. Blocks title, head, navigation (``ui.nav``), banners,
    heading (an h1 with the title, unless overridden), content, side.

    The pages run under: ``default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self';
    connect-src 'self'; base-uri 'none'; frame-ancestors 'none';
    require-trusted-types-for 'script'; trusted-types 'none'`` plus the page's ``form-action``.

Macros of ``webui/macros.html`` (errors are sentences or none; ids of inputs are their names)
    ui.nav(items=[{key, href, label}], current)           sections in the header
    ui.button(label, kind="filled", name, value, busy, sign, full)
        kind: filled, outlined, danger, link; busy: label while the request runs; sign: an icon
    ui.link_button(href, label, kind="outlined", sign, download)
    ui.copy_button(target)                                copies the text of element ``target``
    {% call ui.form(action, hidden={"csrf": ...}, kind) %} a POST form, sent once
    ui.error_summary(errors=[{field, sentence}], title)   first thing after a failed submit
    ui.field(name, label, value, type, hint, error, autocomplete, inputmode, optional,
        aside={href, label}, maxlength, minimum, maximum)
    ui.text_area(name, label, value, hint, error, optional, rows, maxlength)
    ui.select(name, label, options=[{value, label}], chosen, hint, error, optional)
    ui.password(name, label, new, hint, error, aside, minimum, strength_address)
        minimum: shows what is missing while typing; strength_address: POST with the form's
        fields, answers JSON {"text": sentence, "strong": bool}
    ui.code(name="code", label, hint, error)              six places, one input
    ui.checkbox(name, label, note, checked, error, value)
    ui.radios(name, legend, options=[{value, label, note}], chosen, hint, error, cards=true)
    {% call ui.group(name, legend, hint, error) %} with ui.option(name, value, label, note,
        checked, card) inside; ``{% call ui.option(...) %}`` puts more below its label
    ui.time(instant, day=false)                           a <time>, with the day if asked
    ui.countdown(left_s, text, running, ended, minute, reveals)
        text: without script, with the end as ui.time; running: with "{left}" where minutes and
        seconds go; reveals: id of what is hidden until the end
    ui.stepper(steps, current)                            current counts from 1
    ui.progress(value, maximum, label, text)
    ui.banner(kind, fact, more, action={href, label}, after_submit)
        kind: info, ok, warn, danger; after_submit: it takes the focus
    ui.note(text, kind="info")                            a banner of one plain sentence
    ui.badge(state)                                       states of ``badges.BADGES``
    ui.badge_of(kind, word, sign)                         "44 days left"
    ui.empty(sentence, action={href, label})
    ui.facts(items=[{label, value, note}])                definition list
    ui.table(caption, columns, rows)                      rows of cells; lists on phones
    ui.pager(newer, older)                                addresses or none
    ui.checks(items=[{kind: ok|warn|danger, sentence}])
    {% call ui.details(summary) %}
    ui.digest(value, algorithm)                           bytes; short form
    ui.digest_full(id, value, algorithm)                  folded, with Copy
    ui.serial(number)
    {% call ui.dialog(id, question, keep) %}              keep: label of the harmless button;
        opened by <a href="page with the same content" data-dialog="id">
    ui.paraph(path, kind="ink", small) / ui.signing_line(path, kind, caption)
        kind: ink, pencil; path: ``mark_of_public_key(spki)``, ``mark_of_host(host)``
    ui.specimen()                                         the site's own paraph, for login
    {% call ui.qr(src, save_href, save_name, key, side) %}    words beside the code;
        side: in pixels, a multiple of its modules with the quiet zone
    ui.documents(items=[{name, note, digest, algorithm, href}])
    {% call ui.approval(client, items, certificate={name, issuer, serial, ends, mark}, cost,
        names_given) %}                                   what you approve; the call is its foot
    From ``webui/icons.html``: icon(name, kind)

Classes for a page's own markup: lead, muted, small, mono, card, card-body, card-head, card-foot,
card-section, actions, sign-foot, stack, short, section-links, drawn (the paraph draws itself),
verdict-ok, verdict-warn, verdict-danger.

Filters: date, time, moment, number, amount(currency), hash_short, hash_start, hash_end,
serial_short, groups, phone_mask, client_text.
"""
