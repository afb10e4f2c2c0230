"use strict";
/* Shortcuts only: every page works without this file. Nothing here builds HTML; all text that it
   shows was written by the server into data attributes. */
(() => {
  const all = (selector, act) => document.querySelectorAll(selector).forEach(act);
  const announcer = document.querySelector("[data-announcer]");
  const announce = (text) => { if (announcer) announcer.textContent = text; };

  // After a failed or finished submit the news takes the focus (ui 3.3, 3.7).
  const news = document.querySelector("[data-focus]");
  if (news) news.focus();

  // Seconds left come from the server: the clock of this device may be wrong.
  all("[data-countdown]", (line) => {
    const seen = line.querySelector("span");
    const next = line.dataset.reveals ? document.getElementById(line.dataset.reveals) : null;
    const end = performance.now() + Number(line.dataset.countdown) * 1000;
    let warned = Number(line.dataset.countdown) <= 60;
    if (next) next.hidden = true;
    const tick = () => {
      const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
      if (left === 0) {
        seen.textContent = line.dataset.ended;
        announce(line.dataset.ended);
        if (next) next.hidden = false;
        return;
      }
      const shown = Math.floor(left / 60) + ":" + String(left % 60).padStart(2, "0");
      seen.textContent = line.dataset.running.replace("{left}", shown);
      if (left <= 60 && !warned) {
        warned = true;
        announce(line.dataset.minute);
      }
      setTimeout(tick, 250);
    };
    tick();
  });

  all("[data-show]", (button) => {
    const input = document.getElementById(button.dataset.show);
    const word = button.querySelector("span");
    button.hidden = false;
    button.addEventListener("click", () => {
      input.type = input.type === "password" ? "text" : "password";
      const other = button.dataset.other;
      button.dataset.other = word.textContent;
      word.textContent = other;
    });
    // A browser must not keep a shown password as a remembered text.
    if (input.form) input.form.addEventListener("submit", () => { input.type = "password"; });
  });

  all("[data-strength]", (line) => {
    const input = document.getElementById(line.dataset.strength);
    const missing = JSON.parse(line.dataset.missing);
    let asked = 0;
    let timer = 0;
    const say = (text, strong) => {
      line.textContent = text;
      line.classList.toggle("strong", strong);
    };
    // In the body of a request to our own origin, as the form itself would send it.
    const ask = async (number) => {
      const body = new URLSearchParams(new FormData(input.form));
      const answer = await fetch(line.dataset.address, { method: "POST", body, mode: "same-origin" });
      if (!answer.ok) return;
      const verdict = await answer.json();
      if (number === asked) say(verdict.text, verdict.strong);
    };
    input.addEventListener("input", () => {
      const length = Array.from(input.value).length;
      const number = ++asked;
      clearTimeout(timer);
      if (length < missing.length) say(missing[missing.length - length - 1], false);
      else if (!line.dataset.address) say(line.dataset.strong, true);
      else timer = setTimeout(() => ask(number).catch(() => undefined), 400);
    });
  });

  all("[data-copy]", (button) => {
    const word = button.querySelector("span");
    const before = word.textContent;
    if (!navigator.clipboard) return;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const text = document.getElementById(button.dataset.copy).textContent;
      await navigator.clipboard.writeText(text.replace(/\s/g, ""));
      word.textContent = button.dataset.done;
      announce(button.dataset.done);
      setTimeout(() => { word.textContent = before; }, 4000);
    });
  });

  all("a[data-dialog]", (link) => {
    const dialog = document.getElementById(link.dataset.dialog);
    link.addEventListener("click", (event) => {
      event.preventDefault();
      dialog.showModal();
      dialog.querySelector("[data-keep]").focus();
    });
  });

  // A text to be read to its end: without script it stands on the page in full (journeys J1.6).
  all("form[data-read]", (form) => {
    const text = document.getElementById(form.dataset.read);
    const unread = form.querySelector("[data-unread]");
    text.classList.add("scroll");
    form.addEventListener("submit", (event) => {
      if (text.scrollTop + text.clientHeight >= text.scrollHeight - 2) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      unread.hidden = false;
      text.focus();
    });
  });

  // The second press of a running submit does nothing; the server knows the form's key as well.
  all("form[data-once]", (form) => {
    form.addEventListener("submit", (event) => {
      if (form.dataset.running) {
        event.preventDefault();
        return;
      }
      form.dataset.running = "yes";
      const button = event.submitter;
      if (!button) return;
      button.setAttribute("aria-disabled", "true");
      const word = button.querySelector("span");
      if (button.dataset.busy && word) {
        button.dataset.idle = word.textContent;
        word.textContent = button.dataset.busy;
      }
    });
  });
  // Back in the browser brings the page as it was left: running forms may be sent again.
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    all("form[data-once]", (form) => { delete form.dataset.running; });
    all("[aria-disabled=true]", (button) => {
      button.removeAttribute("aria-disabled");
      if (button.dataset.idle) button.querySelector("span").textContent = button.dataset.idle;
    });
  });
})();
