// Runs before anything is drawn, so that a theme that was chosen does not flash into place.
document.documentElement.dataset.theme = localStorage.getItem("marquee-theme") ?? "auto";
