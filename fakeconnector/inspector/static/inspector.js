// Keeps pages fresh and the timeline live. Every page works without it.
"use strict";

const maxRows = 1000; // of the timeline, the oldest go first
const refreshEvery = 2000; // milliseconds between two looks at the state

// A select that needs no button.
for (const select of document.querySelectorAll("select[data-submit]")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}

// The part of a page that shows state is fetched again and put in when it has changed,
// unless somebody is filling in a field of it, or has opened something in it.
const fresh = document.querySelector("[data-refresh]");
if (fresh) {
  const busy = () => document.hidden || fresh.querySelector("details[open]") ||
    (fresh.contains(document.activeElement) && document.activeElement.matches("input, select, textarea"));
  let shown = fresh.innerHTML;
  const refresh = async () => {
    if (!busy()) {
      try {
        const answer = await fetch(location.href, { credentials: "same-origin" });
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const next = page.querySelector("[data-refresh]");
        if (next && next.innerHTML !== shown && !busy()) {
          const focused = fresh.contains(document.activeElement) ? document.activeElement.id : "";
          shown = next.innerHTML;
          fresh.replaceChildren(...next.childNodes);
          if (focused) document.getElementById(focused)?.focus();
        }
      } catch {
        // The connector is away; the next look may find it.
      }
    }
    setTimeout(refresh, refreshEvery);
  };
  setTimeout(refresh, refreshEvery);
}

// The timeline: rows come as HTML that the server has made and escaped.
const timeline = document.getElementById("timeline");
if (timeline) {
  const pause = document.getElementById("pause");
  const openAll = document.getElementById("open-all");
  const status = document.getElementById("stream");
  const url = new URL(timeline.dataset.stream, location.href);
  let source = null;
  let opened = false;

  const marked = (row) => {
    const of = row.dataset.of && document.getElementById("e" + row.dataset.of);
    if (of) of.classList.add("broken");
  };
  timeline.querySelectorAll("[data-of]").forEach(marked);

  const add = (html, seq) => {
    const atEnd = innerHeight + scrollY >= document.documentElement.scrollHeight - 40;
    timeline.insertAdjacentHTML("beforeend", html);
    const row = timeline.lastElementChild;
    marked(row);
    if (opened) row.querySelectorAll("details").forEach((d) => { d.open = true; });
    url.searchParams.set("after", seq);
    while (timeline.childElementCount > maxRows) timeline.firstElementChild.remove();
    if (atEnd) scrollTo(0, document.documentElement.scrollHeight);
  };

  const follow = () => {
    source = new EventSource(url);
    source.addEventListener("open", () => { status.textContent = "Live."; });
    source.addEventListener("row", (e) => add(JSON.parse(e.data), e.lastEventId));
    source.addEventListener("end", (e) => {
      source.close();
      status.textContent = "The stream has ended: " + JSON.parse(e.data) + ". Load the page again.";
    });
    source.addEventListener("error", () => {
      if (source.readyState !== EventSource.CLOSED) status.textContent = "The connector is away; trying again.";
    });
  };

  const toggle = () => {
    const paused = pause.getAttribute("aria-pressed") !== "true";
    pause.setAttribute("aria-pressed", paused);
    pause.textContent = paused ? "Go on" : "Pause";
    if (paused) {
      source.close();
      status.textContent = "Paused; what comes meanwhile is shown when you go on.";
    } else {
      follow();
    }
  };

  const toggleDetails = () => {
    opened = !opened;
    openAll.textContent = opened ? "Close all" : "Open all";
    timeline.querySelectorAll("details").forEach((d) => { d.open = opened; });
  };

  pause.hidden = openAll.hidden = false;
  pause.addEventListener("click", toggle);
  openAll.addEventListener("click", toggleDetails);
  document.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.target.matches("input, select, textarea")) return;
    if (e.key === "p") toggle();
    else if (e.key === "o") toggleDetails();
    else if (e.key === "/") document.getElementById("filter-text").focus();
    else return;
    e.preventDefault();
  });
  scrollTo(0, document.documentElement.scrollHeight);
  follow();
}
