// Runs before anything is drawn, so that a theme that was chosen does not flash into place.
try {
  document.documentElement.dataset.theme = localStorage.getItem("marquee-theme") ?? "auto";
} catch { // the reader has forbidden the browser to remember
  document.documentElement.dataset.theme = "auto";
}
