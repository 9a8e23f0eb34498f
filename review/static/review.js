// Everything on the page works without this: it only tells at once what is selected, and
// shows the fields that a decision needs.
(function () {
  "use strict";
  var form = document.querySelector("form.bulk");
  if (!form) { return; }
  var boxes = Array.prototype.slice.call(form.querySelectorAll("input[name=id]"));
  var every = document.getElementById("every");
  var chosen = document.getElementById("chosen");
  var action = document.getElementById("action");
  if (!chosen) { return; }

  // Sums are of whole fen.
  var yuan = function (fen) {
    var text = String(Math.abs(fen)).padStart(3, "0");
    var whole = text.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, ",");
    return (fen < 0 ? "−" : "") + whole + "." + text.slice(-2);
  };
  var tell = function () {
    var on = boxes.filter(function (b) { return b.checked; });
    var sum = on.reduce(function (fen, b) { return fen + Number(b.dataset.fen); }, 0);
    chosen.textContent = on.length ? on.length + " · " + yuan(sum) : "";
    every.checked = on.length === boxes.length;
    every.indeterminate = on.length > 0 && on.length < boxes.length;
    form.classList.toggle("some", on.length > 0);
    boxes.forEach(function (b) { b.closest("tr").classList.toggle("on", b.checked); });
  };
  every.hidden = false;
  every.addEventListener("change", function () {
    boxes.forEach(function (b) { b.checked = every.checked; });
    tell();
  });

  // Shift selects from the box that was clicked before to this one.
  var last = -1;
  boxes.forEach(function (box, i) {
    box.addEventListener("click", function (event) {
      if (event.shiftKey && last >= 0) {
        for (var n = Math.min(i, last); n <= Math.max(i, last); n++) { boxes[n].checked = box.checked; }
      }
      last = i;
      tell();
    });
  });

  var needs = function () {
    document.getElementById("assignee").closest(".field").hidden = action.value !== "assign";
    document.getElementById("note").required = action.value === "explain" || action.value === "note";
  };
  action.addEventListener("change", needs);
  needs();
  tell();
})();
