"""Pages in a real browser: headless Chromium opens them in frames, and a page around them measures."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_SCHEMES = {"dark": 0, "light": 1}

# Runs around the pages, which have no script. It opens what is folded, then tells what sticks out, and where words have too
# little contrast with the nearest background behind them (WCAG 2.2, 1.4.3: 4.5, and 3 for large ones).
_MEASURE = r"""
const numbers = text => (text.match(/[\d.]+/g) || []).map(Number);
const light = ([r, g, b]) => [r, g, b].map(c => (c /= 255) <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
  .reduce((sum, c, at) => sum + c * [.2126, .7152, .0722][at], 0);
const contrast = (one, other) => { const [a, b] = [light(one), light(other)].sort((x, y) => y - x); return (a + .05) / (b + .05); };
function behind(view, element) {
  for (let each = element; each; each = each.parentElement) {
    const colour = numbers(view.getComputedStyle(each).backgroundColor);
    if (colour.length === 3 || colour[3] === 1) return colour;
  }
  return [255, 255, 255];
}
function behindInPicture(view, text) {
  const box = text.getBoundingClientRect(), middle = [box.left + 4, box.top + box.height / 2];
  let colour = null;
  for (const shape of text.ownerSVGElement.querySelectorAll('rect')) {
    const at = shape.getBoundingClientRect(), fill = view.getComputedStyle(shape).fill;
    if (fill !== 'none' && at.left <= middle[0] && middle[0] <= at.right && at.top <= middle[1] && middle[1] <= at.bottom) colour = numbers(fill);
  }
  return colour || behind(view, text.ownerSVGElement);
}
function measured(frame) {
  const page = frame.contentDocument, view = frame.contentWindow, found = {wide: [], faint: [], words: 0};
  for (const each of page.querySelectorAll('details')) each.open = true;
  const room = page.documentElement.clientWidth;
  found.scroll = page.documentElement.scrollWidth - room;
  found.scheme = view.matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  found.styled = view.getComputedStyle(page.body).margin === '0px';
  for (const each of page.body.querySelectorAll('*')) {
    const box = each.getBoundingClientRect(), style = view.getComputedStyle(each);
    if (!box.width || !box.height || box.right < 0) continue;
    if (box.right > room + 1 && !['title', 'desc'].includes(each.tagName)) found.wide.push(each.tagName + ' ' + each.textContent.slice(0, 40));
    const own = [...each.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    if (!own || ['style', 'title', 'desc'].includes(each.tagName.toLowerCase())) continue;
    found.words += 1;
    const picture = each.tagName === 'text';
    const ink = numbers(picture ? style.fill : style.color), size = parseFloat(style.fontSize);
    const ratio = contrast(ink, picture ? behindInPicture(view, each) : behind(view, each));
    const large = size >= 24 || size >= 18.66 && style.fontWeight >= 700;
    if (ratio < (large ? 3 : 4.5)) found.faint.push(ratio.toFixed(2) + ' ' + each.tagName + '.' + each.getAttribute('class') + ' ' + each.textContent.slice(0, 40));
  }
  return found;
}
window.onload = () => {
  const report = {};
  for (const frame of document.querySelectorAll('iframe')) report[frame.name] = measured(frame);
  document.getElementById('report').textContent = JSON.stringify({ran: document.documentElement.dataset.ran || null, report});
};
"""


def missing() -> str | None:
    """Return what is missing for these tests."""
    if any(map(shutil.which, PROGRAMS)):
        return None
    return "chromium is not installed: BROWSER=yes script/servers"


@dataclass(frozen=True)
class Looked:
    """What the browser found: measures by page and width, whether any script of a page ran, and what was asked for."""

    measures: Mapping[str, Mapping[str, Any]]
    ran: str | None
    asked: frozenset[str]


def looked_at(pages: Mapping[str, str], widths: tuple[int, ...], scheme: str) -> Looked:
    """Open each page in a frame of each width."""
    frames = "".join(
        f'<iframe name="{name}-{width}" src="/{name}" style="width:{width}px;height:800px;border:0"></iframe>'
        for name in pages
        for width in widths
    )
    files = {f"/{name}": page for name, page in pages.items()}
    files["/"] = (
        f"<!doctype html><script>{_MEASURE}</script><body>{frames}<pre id=report></pre></body>"
    )
    asked: set[str] = set()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.add(self.path)
            body = files.get(self.path)
            self.send_response(200 if body is not None else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write((body or "").encode(errors="replace"))

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        dumped = _dumped(f"http://127.0.0.1:{server.server_address[1]}/", scheme)
    finally:
        server.shutdown()
        server.server_close()
    report = re.search(r'<pre id="report">(.*?)</pre>', dumped, re.DOTALL)
    assert report is not None, dumped[-500:]
    said = json.loads(html.unescape(report[1]))
    return Looked(said["report"], said["ran"], frozenset(asked) - {"/", "/favicon.ico"})


def _dumped(url: str, scheme: str) -> str:
    """Return a page as it is once it is loaded."""
    program = next(path for path in map(shutil.which, PROGRAMS) if path)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        done = subprocess.run(
            [
                program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
                f"--user-data-dir={Path(folder) / 'user'}", f"--blink-settings=preferredColorScheme={_SCHEMES[scheme]}",
                "--window-size=1400,900", "--dump-dom", url,
            ],
            capture_output=True, text=True, timeout=120, check=True,
        )  # fmt: skip
    return done.stdout
