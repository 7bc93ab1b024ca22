#!/usr/bin/env python3
"""docs/demo.svg, the README's picture: what `weir demo` shows in a terminal of 80 by 32, as it really
ran. ./dev picture makes it anew.

Usage: demo_picture.py WEIR FILE.svg
"""

import fcntl
import html
import os
import pty
import re
import struct
import subprocess
import sys
import termios

COLUMNS, ROWS = 80, 32
WIDTH, HEIGHT, TOP, LEFT = 8.4, 19, 44, 16  # of a cell, and the frame around them
COMMAND = "weir demo --for 15s"
INK = {"": "#d8dee9", "1": "#ffffff", "2": "#7b8696", "31": "#ff7b72", "32": "#7ee787",
       "33": "#e3b341"}
BLOCKS = {"█": 1.0, "░": 0.3}


def run_in_terminal(command):
    """All that the command writes to a terminal of that size."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs,
                             env={**os.environ, "TERM": "xterm-256color"})
    os.close(theirs)
    out = b""
    try:
        while more := os.read(ours, 65536):
            out += more
    except OSError:
        pass  # the terminal's other end is closed
    if child.wait():
        sys.exit(f"demo_picture: {command} ended with {child.returncode}: {out.decode()}")
    return out.decode()


class Screen:
    """As much of a terminal as the demo uses. A cell is a character and its style."""

    def __init__(self):
        self.rows, self.row, self.column, self.style = [[]], 0, 0, ""

    def feed(self, text):
        for piece in re.findall(r"\x1b\[\??[\d;]*[A-Za-z]|.|\n", text.replace("\r\n", "\n")):
            if piece[0] == "\x1b":
                self.control(piece[2:-1], piece[-1])
            elif piece == "\n":
                self.row, self.column = self.row + 1, 0
                if self.row == len(self.rows):
                    self.rows.append([])
            elif piece == "\r":
                self.column = 0
            else:
                line = self.rows[self.row]
                line.extend([(" ", "")] * (self.column + 1 - len(line)))
                line[self.column] = (piece, self.style)
                self.column += 1

    def control(self, argument, kind):
        if kind == "m":
            self.style = "" if argument in ("", "0") else argument
        elif kind == "A":
            self.row -= int(argument or 1)
        elif kind == "K":
            del self.rows[self.row][self.column:]
        elif kind == "J":
            del self.rows[self.row][self.column:], self.rows[self.row + 1:]


def runs(line):
    """(column, text, style) of each stretch of one style, blocks apart from letters."""
    out = []
    for column, (character, style) in enumerate(line):
        block = character in BLOCKS
        if out and out[-1][2] == style and (out[-1][1][-1] in BLOCKS) == block and (
                not block or out[-1][1][-1] == character):
            out[-1][1] += character
        else:
            out.append([column, character, style])
    return [run for run in out if run[1].strip()]


def drawn(line, number):
    y = TOP + number * HEIGHT
    for column, text, style in runs(line):
        x, width = LEFT + column * WIDTH, len(text) * WIDTH
        if text[0] in BLOCKS:
            yield (f'<rect x="{x:.1f}" y="{y - 13}" width="{width:.1f}" height="15" '
                   f'fill="{INK[style]}" opacity="{BLOCKS[text[0]]}"/>')
            continue
        indent = len(text) - len(text.lstrip())
        text = text.strip()
        weight = ' font-weight="bold"' if style == "1" else ""
        yield (f'<text x="{x + indent * WIDTH:.1f}" y="{y}" textLength="{len(text) * WIDTH:.1f}" '
               f'fill="{INK[style]}"{weight}>{html.escape(text)}</text>')


def picture(lines):
    width, height = 2 * LEFT + COLUMNS * WIDTH, TOP + len(lines) * HEIGHT
    dots = "".join(f'<circle cx="{LEFT + 6 + 18 * i}" cy="16" r="5.5" fill="{colour}"/>'
                   for i, colour in enumerate(("#ff5f57", "#febc2e", "#28c840")))
    body = "\n".join(shape for number, line in enumerate(lines) for shape in drawn(line, number))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
            f'width="{width:.0f}" height="{height:.0f}" font-size="14" xml:space="preserve" style="white-space:pre" '
            'font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,\'DejaVu Sans Mono\',monospace">'
            f'\n<title>weir demo in a terminal</title>\n<rect width="100%" height="100%" rx="8" '
            f'fill="#161b22"/>\n{dots}\n{body}\n</svg>\n')


def main():
    weir, file = sys.argv[1:]
    screen = Screen()
    screen.feed(f"$ {COMMAND}\n")
    screen.feed(run_in_terminal([weir, *COMMAND.split()[1:]]))
    while not screen.rows[-1]:
        screen.rows.pop()
    with open(file, "w", encoding="utf-8") as out:
        out.write(picture(screen.rows))


if __name__ == "__main__":
    main()
