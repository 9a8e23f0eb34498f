(function () {
  "use strict";
  var root = document.documentElement;
  root.classList.add("js");
  var all = function (selector, within) { return Array.prototype.slice.call((within || document).querySelectorAll(selector)); };

  // The language that is shown is the page's language.
  var speak = function () {
    root.lang = document.getElementById("zh").checked ? "zh-CN" : "en";
    all("output[data-count]").forEach(function (o) { if (o.dataset.shown) { tell(o, o.dataset.shown, o.dataset.all); } });
  };
  var tell = function (output, shown, of) {
    output.dataset.shown = shown;
    output.dataset.all = of;
    output.textContent = shown === of ? "" : root.lang === "en" ? shown + " of " + of + " rows" : "共 " + of + " 行，显示 " + shown + " 行";
  };
  all("input[name=language]").forEach(function (i) { i.addEventListener("change", speak); });

  // A search hides the rows that do not hold all of its words, in either language.
  var filters = {};
  var apply = function (id) {
    var table = document.getElementById(id), f = filters[id] || {}, shown = 0;
    var words = (f.text || "").toLowerCase().split(/\s+/).filter(Boolean);
    all("tbody", table).forEach(function (body) {
      if (body.words === undefined) { body.words = body.textContent.toLowerCase(); }
      var fits = (!f.kind || body.dataset.kind === f.kind) && (!f.age || body.dataset.age === f.age) &&
        words.every(function (w) { return body.words.indexOf(w) >= 0; });
      body.hidden = !fits;
      if (fits) { shown++; }
    });
    tell(document.querySelector("output[data-count='" + id + "']"), String(shown), String(table.tBodies.length));
  };
  all("input[data-table]").forEach(function (input) {
    var id = input.dataset.table, waits;
    filters[id] = {};
    input.addEventListener("input", function () {
      clearTimeout(waits);
      waits = setTimeout(function () { filters[id] = { text: input.value }; apply(id); }, 80);
    });
  });

  // Kinds and ages lead to their breaks.
  all("a[data-kind]").forEach(function (a) {
    a.addEventListener("click", function () {
      document.getElementById("find-break-table").value = "";
      filters["break-table"] = { kind: a.dataset.kind, age: a.dataset.age };
      apply("break-table");
    });
  });

  // What :has() does in the style, for browsers without it.
  document.addEventListener("toggle", function (e) {
    var body = e.target.closest && e.target.closest("#break-table tbody");
    if (body) { body.querySelector(".story").classList.toggle("open", e.target.open); }
  }, true);
  speak();
})();
