"""Additions to files of lines: marks in INI files, .gitignore, a Makefile. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from difflib import SequenceMatcher

BEGIN, END = "# runner init: begin\n", "# runner init: end\n"
LINE = re.compile(r"[^\n]*\n|[^\n]+")
RULE = re.compile(r"^(?P<targets>[^\t#=][^:=#]*?)\s*::?(?!=)")


def keep_newlines(text: str, change: Callable[[str], str]) -> str:
    """Change a text as if its lines had Unix ends; those that stay keep their own, new ones get the usual one."""
    lines = LINE.findall(text)
    plain = [re.sub(r"\r\n$", "\n", line) for line in lines]
    usual = "\r\n" if sum(line.endswith("\r\n") for line in lines) * 2 > len(lines) else "\n"
    changed = LINE.findall(change("".join(plain)))
    result: list[str] = []
    for kind, start, end, new_start, new_end in SequenceMatcher(None, plain, changed, autojunk=False).get_opcodes():
        same = kind == "equal"
        result += lines[start:end] if same else [re.sub(r"\n$", usual, line) for line in changed[new_start:new_end]]
    return "".join(result)


def end_line(text: str) -> str:
    """The text, its last line ended."""
    return text if not text or text.endswith("\n") else text + "\n"


def add_ini_marks(text: str, section: str, marks: Mapping[str, str]) -> str:
    """Declare marks below `markers` in one section, which is made where it is not there."""
    lines = LINE.findall(end_line(text))
    start = next((number for number, line in enumerate(lines) if line.strip() == f"[{section}]"), None)
    if start is None:
        return "".join([text, make_gap(text), f"[{section}]\n", "markers =\n", *declare(marks, "    ")])
    end = next((number for number in range(start + 1, len(lines)) if lines[number].startswith("[")), len(lines))
    key = next((number for number in range(start + 1, end) if re.match(r"markers\s*[=:]", lines[number])), None)
    if key is None:
        at = find_last(lines, start, end) + 1
        return "".join([*lines[:at], "markers =\n", *declare(marks, "    "), *lines[at:]])
    last = key
    for number in range(key + 1, end):
        if lines[number][:1].isspace() and lines[number].strip():
            last = number
        elif lines[number].strip() and lines[number][0] not in "#;":
            break
    indent = re.match(r"\s*", lines[last])[0] if last > key else "    "  # type: ignore[index]
    return "".join([*lines[: last + 1], *declare(marks, indent), *lines[last + 1 :]])


def find_last(lines: Sequence[str], start: int, end: int) -> int:
    """The last line of a section that is not empty."""
    return max(number for number in range(start, end) if lines[number].strip())


def make_gap(text: str) -> str:
    """What keeps an addition apart from the text before it."""
    return "" if not text or text.endswith("\n\n") else "\n" if text.endswith("\n") else "\n\n"


def declare(marks: Mapping[str, str], indent: str) -> list[str]:
    """The lines that declare marks."""
    return [f"{indent}{declare_one(name, text)}\n" for name, text in marks.items()]


def declare_one(name: str, text: str) -> str:
    """A mark and what it is for, as pytest has them."""
    return f"{name}: {' '.join(text.split())}" if text else name


def add_ignored(text: str, folder: str) -> str:
    """Let git ignore a folder, unless a line does already."""
    lines = {line.strip().lstrip("/").removesuffix("*").rstrip("/") for line in text.splitlines()}
    return text if folder in lines else f"{end_line(text)}{folder}/\n"


def add_targets(text: str, groups: Sequence[str]) -> str:
    """Targets `test-GROUP` for those groups that have none, between two comments."""
    missing = [name for name in groups if not has_target(text, f"test-{name}")]
    if not missing:
        return text
    rules = "".join(f"\n.PHONY: test-{name}\ntest-{name}:\n\t$(RUNNER) run --group {name}\n" for name in missing)
    if END in text:
        before, after = text.split(END, 1)
        return before + rules + END + after
    return f"{text}{make_gap(text)}{BEGIN}RUNNER ?= runner\n{rules}{END}"


def has_target(text: str, target: str) -> bool:
    """Whether a Makefile has a rule for a target; a pattern that fits counts."""
    for line in text.splitlines():
        if "test-%" in line and not line.startswith(("#", "\t")):
            return True
        rule = RULE.match(line)
        if rule and not line.startswith(".PHONY") and target in rule["targets"].split():
            return True
    return False
