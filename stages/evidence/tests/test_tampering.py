from __future__ import annotations

from pathlib import Path

from tampering import find_tampering, laid_out_files


def lay_out(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    evals, task = tmp_path / "evals", tmp_path / "task"
    for folder, names in {
        evals / "sums": ["evaluate.py", "benchmark.txt"],
        evals / "ptb_evals": ["score.py"],
        evals / "ptb_evals" / "tests": ["test_score.py"],
        tmp_path / "templates": ["qwen3.jinja"],
        task / "ptb_evals": ["score.py"],
        task / "templates": ["qwen3.jinja"],
        task: ["evaluate.py"],
    }.items():
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            (folder / name).write_text(f"the text of {name}")
    return task, laid_out_files(evals, "sums", tmp_path / "templates", {})


def test_untouched(tmp_path: Path) -> None:
    task, laid_out = lay_out(tmp_path)
    assert sorted(laid_out) == ["evaluate.py", "ptb_evals/score.py", "templates/qwen3.jinja"]
    assert find_tampering(task, laid_out) == []


def test_changed_and_removed(tmp_path: Path) -> None:
    task, laid_out = lay_out(tmp_path)
    (task / "evaluate.py").write_text("accuracy = 1.0")
    (task / "templates" / "qwen3.jinja").unlink()
    (finding,) = find_tampering(task, laid_out)
    assert finding.flag == "T"
    assert [evidence.file for evidence in finding.evidence] == ["evaluate.py", "templates/qwen3.jinja"]
