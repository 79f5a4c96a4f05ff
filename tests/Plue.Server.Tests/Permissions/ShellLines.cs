using FsCheck;
using FsCheck.Fluent;

namespace Plue.Server.Tests.Permissions;

/// <summary>Lines of shell made of the pieces that matter to it, sensible and not.</summary>
internal static class ShellLines
{
    private static readonly string[] Pieces =
    [
        "ls", "cat", "echo", "pwd", "head", "wc", "grep", "find", "sort", "test", "true", "cut", "tr", "date", "stat", "basename", "uniq", "diff", "file", "readlink", "du", "which",
        "rm", "touch", "sh", "env", "tee", "cp", "curl", "git", "cd", "export", "eval", "xargs",
        " ", " ", " ", " ", " ", " ", "\t", "\n", ";", "&&", "||", "|", "&", "(", ")", "{", "}", "!", ">", ">>", "<", "2>&1", "<<", "<<<", "<(", ">(", "$(", "`", "$x", "${", "$'", "'", "\"", "\\", "\\\n",
        "#", "*", "?", "[", "]", "~", "=", ":", "/", "..", ".", "-", "--", "-l", "-c", "-n", "-o", "-r", "-e", "-f", "-exec", "-delete", "-name", "-type f", "--color", "+%s", "\r", "\0", "\u00a0", "\u202e",
        "a.txt", "sub", "sub/b.txt", "out", "link", "loop", "/etc/passwd", ".env", ".git/config", "'a b'", "\"c d\"", "5", "x", "é",
    ];

    private static readonly string[] Reading =
    [
        "ls", "ls -la", "ls -R sub", "cat a.txt", "cat -n a.txt sub/b.txt", "echo hi 'a b'", "pwd", "head -n 2 a.txt", "tail -1 a.txt", "wc -l a.txt", "grep -n x a.txt", "grep -e x -- a.txt", "find . -name '*.txt'",
        "find sub -type f -print", "sort -u a.txt", "sort -k 2,3 a.txt", "test -f a.txt", "[ -d sub ]", "true", "cut -d : -f 1 a.txt", "tr a b", "date +%s", "stat a.txt", "basename sub/b.txt .txt", "uniq -c a.txt",
        "diff a.txt sub/b.txt", "file a.txt", "readlink link", "realpath link", "du -sh sub", "which ls", "cd sub", "cat link", "cat ../a.txt", "/bin/ls", "cat < a.txt", "cat <<'E'\n$(touch x)\nE\n", "echo x > out",
        "cat a.txt 2>/dev/null", "cat a.txt 2>&1", "date -u", "rg x a.txt", "nl a.txt", "cmp a.txt sub/b.txt", "printf x", "echo \\$x", "echo \"a;b\"", "'ls' -l",
    ];

    private static readonly string[] Joints = [" && ", " || ", "; ", " | ", "\n", " & ", " ", "", " ; ( ", " ) ; ", " #"];

    /// <summary>Anything.</summary>
    public static Gen<string> Any { get; } = Gen.OneOf(Of(Pieces, 1, 14), Joined, ArbMap.Default.GeneratorFor<string>().Select(text => text ?? ""));

    /// <summary>Mostly lines that only read, joined and sometimes damaged.</summary>
    public static Gen<string> Joined => from lines in Gen.Choose(1, 4).SelectMany(count => Gen.Elements(Reading).ListOf(count))
                                        from joints in Gen.Elements(Joints).ListOf(4)
                                        from extra in Gen.Elements(Pieces)
                                        from isDamaged in Gen.Choose(0, 3)
                                        from place in Gen.Choose(0, 1000)
                                        select Damage(string.Concat(lines.Zip(joints, (line, joint) => line + joint)).TrimEnd(), isDamaged == 0 ? extra : "", place);

    private static string Damage(string line, string piece, int place) => line.Insert(place % (line.Length + 1), piece);

    private static Gen<string> Of(string[] pieces, int min, int max) => Gen.Choose(min, max).SelectMany(count => Gen.Elements(pieces).ListOf(count)).Select(string.Concat);
}
