//! What a shell and `man` get from the program: completions and manual pages.

use std::fs;
use std::process::Command;

use super::folder::Folder;
use super::harness::Program;

/// Bash asks as it does when a person presses the tabulator key.
#[test]
fn bash_completes_commands_and_flags() {
    let folder = Folder::new();
    let script = Program::new(&folder).args(["completions", "bash"]).run();
    assert_eq!((script.exit, script.stderr.as_str()), (0, ""));
    let completed = |words: &str, last: usize| {
        // `complete -p` prints the function that bash calls, after `-F`.
        let ask = format!(
            "{}\nset -- $(complete -p fund-load); while [ \"$1\" != -F ]; do shift; done\n\
             COMP_WORDS=({words}); COMP_CWORD={last}; $2 fund-load \"${{COMP_WORDS[{last}]}}\" x; echo ${{COMPREPLY[@]}}",
            script.stdout
        );
        let output = Command::new("bash").args(["--norc", "-c", &ask]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    assert_eq!(completed("fund-load tr", 1), "trace");
    assert_eq!(completed("fund-load expl", 1), "explain", "the application's own command");
    assert_eq!(completed("fund-load run --trace-p", 2), "--trace-path");
}

#[test]
fn other_shells_get_scripts_and_unknown_ones_are_named() {
    let folder = Folder::new();
    for shell in ["elvish", "fish", "powershell", "zsh"] {
        let script = Program::new(&folder).args(["completions", shell]).run();
        assert_eq!(script.exit, 0, "{shell}: {}", script.stderr);
        assert!(script.stdout.contains("explain") && script.stdout.contains("trace-path"), "{shell}");
    }
    let refused = Program::new(&folder).args(["completions", "tcsh"]).run();
    assert_eq!(refused.exit, 2);
    assert!(refused.stderr.contains("'tcsh'") && refused.stderr.contains("bash"), "{}", refused.stderr);
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = Folder::new();
    fs::create_dir(folder.path_of("man1")).unwrap();
    let outcome = Program::new(&folder).args(["manual", "man1"]).run();
    assert_eq!((outcome.exit, outcome.stdout.as_str()), (0, ""), "{}", outcome.stderr);
    for (page, heading) in [
        ("fund-load.1", ".TH fund-load 1"),
        ("fund-load-explain.1", ".TH fund-load-explain 1"),
        ("fund-load-trace-stats.1", ".TH fund-load-trace-stats 1"),
    ] {
        let text = fs::read_to_string(folder.path_of("man1").join(page)).unwrap();
        assert!(text.contains(heading), "{page}: {text}");
    }
}

#[test]
fn a_manual_needs_a_folder_that_exists() {
    let folder = Folder::new();
    let outcome = Program::new(&folder).args(["manual", "missing"]).run();
    assert_eq!(outcome.exit, 1);
    assert!(
        outcome.stderr.starts_with("error: the manual pages cannot be written into `missing`: "),
        "{}",
        outcome.stderr
    );
}
