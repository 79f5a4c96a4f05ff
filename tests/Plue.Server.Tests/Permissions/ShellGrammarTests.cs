using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Permissions;

namespace Plue.Server.Tests.Permissions;

public sealed class ShellGrammarTests
{
    [Theory]
    [InlineData("ls", "ls")]
    [InlineData("  ls\t-la  ", "ls -la")]
    [InlineData("ls # all of it", "ls")]
    [InlineData("l's' \"-l\"a", "ls -la")]
    [InlineData("\\ls a\\ b", "ls 'a b'")]
    [InlineData("echo 'a'\\''b'", "echo 'a'\\''b'")]
    [InlineData("echo \"a\\\"b\\\\c\\d\"", "echo 'a\"b\\c\\d'")]
    [InlineData("echo a#b '#c'", "echo 'a#b' '#c'")]
    [InlineData("ls \\\n -l", "ls -l")]
    [InlineData("a && b || c ; d", "a && b || c ; d")]
    [InlineData("a\nb\n\nc", "a ; b ; c")]
    [InlineData("a & b &", "a & ; b &")]
    [InlineData("a | b |\n c", "a | b | c")]
    [InlineData("! a | b", "! a | b")]
    [InlineData("(a; b) > out", "( a ; b ) >out")]
    [InlineData("{ a; b; }", "{ a ; b }")]
    [InlineData("a >out 2>&1 <in", "a >out 2>&1 <in")]
    [InlineData("a 2>> \"the log\"", "a 2>>'the log'")]
    [InlineData("a2>out", "a2 >out")]
    [InlineData("find . -name '*.cs' -exec cat {} +", "find . -name '*.cs' -exec cat '{}' +")]
    [InlineData("ls ~ ~/a a~", "ls /home/me /home/me/a 'a~'")]
    [InlineData("test -f a ] [", "test -f a ']' '['")]
    [InlineData("echo ''", "echo ''")]
    [InlineData("'if' x", "if x")]
    public void A_line_is_reduced_to_literal_commands(string line, string canonical)
    {
        var reading = ShellGrammar.Parse(line, "/home/me");
        Assert.Null(reading.Unsupported);
        Assert.Equal(canonical, reading.Canonical);
    }

    [Theory]
    [InlineData("cat <<'END'\n$(rm -r x)\nEND\nls", 2)]
    [InlineData("cat <<-END\n\tplain\n\tEND\n", 1)]
    [InlineData("cat <<A <<B\na\nA\nb\nB\npwd", 2)]
    public void The_text_that_a_command_is_given_is_no_command(string line, int commands)
    {
        var reading = ShellGrammar.Parse(line, "/home/me");
        Assert.Null(reading.Unsupported);
        Assert.Equal(commands, reading.Commands.Count);
        Assert.Null(reading.Canonical);
    }

    [Theory]
    [InlineData("ls $HOME", 3)]
    [InlineData("ls \"$HOME\"", 4)]
    [InlineData("ls ${x}", 3)]
    [InlineData("$(echo rm) x", 0)]
    [InlineData("echo `id`", 5)]
    [InlineData("echo \"`id`\"", 6)]
    [InlineData("echo $((1+1))", 5)]
    [InlineData("echo $'\\x41'", 5)]
    [InlineData("echo $\"a\"", 5)]
    [InlineData("cat$IFS/etc/passwd", 3)]
    [InlineData("cat <(id)", 4)]
    [InlineData("tee >(id)", 4)]
    [InlineData("ls *.cs", 3)]
    [InlineData("ls a?", 4)]
    [InlineData("ls [ab]", 3)]
    [InlineData("ls {a,b}", 3)]
    [InlineData("ls a{1..3}", 4)]
    [InlineData("ls ~other", 3)]
    [InlineData("make x=~/a", 7)]
    [InlineData("PATH=. ls", 0)]
    [InlineData("x=1", 0)]
    [InlineData("if true; then ls; fi", 0)]
    [InlineData("for f in a; do ls; done", 0)]
    [InlineData("while true; do ls; done", 0)]
    [InlineData("case a in a) ls;; esac", 0)]
    [InlineData("[[ -f x ]]", 0)]
    [InlineData("((1))", 0)]
    [InlineData("f() { ls; }", 1)]
    [InlineData("function f { ls; }", 0)]
    [InlineData("time ls", 0)]
    [InlineData("ls &> out", 3)]
    [InlineData("ls |& cat", 3)]
    [InlineData("ls >& out", 6)]
    [InlineData("ls 10> out", 3)]
    [InlineData("cat <<< a", 4)]
    [InlineData("cat <<END\n$(id)\nEND", 10)]
    [InlineData("cat <<END\nno end", 4)]
    [InlineData("ls '", 3)]
    [InlineData("ls \"", 3)]
    [InlineData("ls \\", 3)]
    [InlineData("l\\\ns", 1)]
    [InlineData("(ls", 3)]
    [InlineData("{ ls; ", 6)]
    [InlineData("ls )", 3)]
    [InlineData("ls &&", 5)]
    [InlineData("| ls", 0)]
    [InlineData("ls ;; ls", 3)]
    [InlineData("; ls", 0)]
    [InlineData("", 0)]
    [InlineData("# nothing", 9)]
    [InlineData("ls >", 4)]
    [InlineData("'' x", 0)]
    [InlineData("ls\r", 2)]
    [InlineData("ls\u00a0-l", 2)]
    [InlineData("ls \u200bx", 0)]
    [InlineData("ls \0", 3)]
    public void SEC_16_Text_known_only_at_run_time_or_parsed_differently_needs_approval(string line, int at)
    {
        var obstacle = ShellGrammar.Parse(line, "/home/me").Unsupported;
        Assert.NotNull(obstacle);
        Assert.Equal(at, obstacle.At);
        Assert.DoesNotContain('.', obstacle.What.TrimEnd());
    }

    [Fact]
    public void SEC_16_Half_a_character_is_an_obstacle() =>
        Assert.Equal(3, ShellGrammar.Parse($"ls {(char)0xD800}", "/home/me").Unsupported?.At);

    [Theory]
    [InlineData("cd a && ls", "a")]
    [InlineData("cd a; cd b; ls", "a,b")]
    [InlineData("(cd a); ls", "")]
    [InlineData("(cd a; ls)", "a")]
    [InlineData("{ cd a; }; ls", "a")]
    [InlineData("cd a | ls", "")]
    [InlineData("cd a & ls", "")]
    [InlineData("true && cd a && ls", "a")]
    [InlineData("true && cd a; ls", null)]
    [InlineData("true && { cd a; }; ls", null)]
    [InlineData("true || cd a; ls", null)]
    [InlineData("true || cd a && ls", null)]
    [InlineData("cd a || ls", null)]
    [InlineData("! cd a; ls", null)]
    [InlineData("cd; ls", null)]
    [InlineData("cd -; ls", null)]
    [InlineData("cd -P a; ls", null)]
    [InlineData("cd a b; ls", null)]
    public void SEC_13_Each_command_knows_the_folder_changes_before_it(string line, string? moves)
    {
        var reading = ShellGrammar.Parse(line, "/home/me");
        Assert.Null(reading.Unsupported);
        Assert.Equal(
            moves?.Split(',', StringSplitOptions.RemoveEmptyEntries),
            reading.Commands.Single(command => command.Words is ["ls"]).DirectoryChanges
        );
    }

    [Fact]
    public void SEC_60_A_hostile_line_ends_quickly()
    {
        foreach (
            var line in (string[])
                [
                    new('(', 9_000),
                    new('{', 9_000),
                    string.Concat(Enumerable.Repeat("{ ", 4_000)),
                    new('a', 20_000),
                    string.Join(';', Enumerable.Repeat("a", 4_000)),
                    string.Concat(Enumerable.Repeat("! ", 4_900)),
                ]
        )
        {
            Assert.NotNull(ShellGrammar.Parse(line, "/home/me").Unsupported);
        }
    }

    [Fact]
    public void Any_line_is_parsed_without_an_exception() =>
        Prop.ForAll(
                ShellLines.Any.ToArbitrary(),
                line =>
                {
                    var reading = ShellGrammar.Parse(line, "/home/me");
                    return reading.Unsupported is null
                        ? reading.Commands.Count > 0
                        : reading.Unsupported.At >= 0 && reading.Unsupported.At <= line.Length && reading.Canonical is null;
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(3000));

    [Fact]
    public void The_canonical_form_parses_to_itself() =>
        Prop.ForAll(
                ShellLines.Any.ToArbitrary(),
                line =>
                {
                    var reading = ShellGrammar.Parse(line, "/home/me");
                    if (
                        reading.Canonical is not { } canonical
                        || canonical.Contains("& ;", StringComparison.Ordinal)
                        || canonical.Contains('}', StringComparison.Ordinal)
                    )
                    {
                        return true;
                    }

                    var again = ShellGrammar.Parse(canonical, "/home/me");
                    // A quoted keyword of the shell loses its quotes.
                    return again.Unsupported is { What: var what }
                        ? what.Contains("own word", StringComparison.Ordinal)
                        : again.Canonical == canonical;
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
}
