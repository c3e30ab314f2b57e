(function () {
  "use strict";
  var form = document.getElementById("filter");
  if (!form) { return; }
  var text = document.getElementById("text");
  var type = document.getElementById("type");
  var reason = document.getElementById("reason");
  var groups = Array.from(document.querySelectorAll("#waiting tbody"), function (body) {
    var head = body.rows[0].textContent.toLowerCase();
    var rows = Array.from(body.rows).slice(1).map(function (row) {
      return { row: row, type: row.cells[1].textContent, text: head + " " + row.textContent.toLowerCase() };
    });
    return { body: body, reason: body.dataset.reason, rows: rows };
  });
  function apply() {
    var wanted = text.value.trim().toLowerCase();
    var shown = 0;
    groups.forEach(function (group) {
      var here = 0;
      var open = !reason.value || reason.value === group.reason;
      group.rows.forEach(function (entry) {
        var fits = open && (!type.value || type.value === entry.type) && entry.text.includes(wanted);
        entry.row.hidden = !fits;
        here += fits;
      });
      group.body.hidden = here === 0;
      shown += here;
    });
    document.getElementById("shown").textContent = shown;
  }
  form.addEventListener("input", apply);
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  form.hidden = false;
  apply();
})();
