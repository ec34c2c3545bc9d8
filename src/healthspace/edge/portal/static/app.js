// Every journey works without this file: it only saves a gesture here and there.
"use strict";
document.documentElement.classList.add("js");

// An error summary or the outcome of an act is read first.
const first = document.querySelector("[data-focus]");
if (first) first.focus();

// The chosen filter, and the part of a record that is open, are in sight on a narrow screen.
for (const chosen of document.querySelectorAll(".chips [aria-current], .tabs [aria-current]")) {
  chosen.scrollIntoView({ block: "nearest", inline: "center", behavior: "instant" });
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", () => window.print());
}

// A second click on a form that is on its way sends nothing.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
  });
}
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// Half an hour before a session ends, whoever is still typing is told, and stays signed in without leaving the page.
const late = document.querySelector("[data-ends]");
if (late) {
  setTimeout(() => { late.hidden = false; }, Math.max(0, (late.dataset.ends - 1800) * 1000 - Date.now()));
  late.addEventListener("submit", async (event) => {
    event.preventDefault();
    // The way back is not followed: it would be one more look at a record.
    const answer = await fetch(late.action, { method: "POST", body: new URLSearchParams(new FormData(late)), redirect: "manual" });
    delete late.dataset.sent;
    if (answer.type === "opaqueredirect") late.hidden = true;
  });
}

// A question opens above the page; without this file its link leads to where the question stands in the page.
for (const link of document.querySelectorAll("[data-dialog]")) {
  const dialog = document.getElementById(link.dataset.dialog);
  link.addEventListener("click", (event) => {
    event.preventDefault();
    dialog.showModal();
  });
  for (const button of dialog.querySelectorAll("[data-close]")) button.addEventListener("click", () => dialog.close());
}
