using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Templates;

namespace Plue.Server.Tests.Templates;

public class PermissionRuleTests
{
    [Theory]
    [InlineData("read", "read", null)]
    [InlineData("bash(npm test*)", "bash", "npm test*")]
    [InlineData("bash(echo (a) b)", "bash", "echo (a) b")]
    [InlineData("write(docs/**)", "write", "docs/**")]
    [InlineData("read(**/*.env)", "read", "**/*.env")]
    [InlineData("edit(~/notes/*.md)", "edit", "~/notes/*.md")]
    [InlineData("github/create_issue", "github/create_issue", null)]
    [InlineData("github/*", "github/*", null)]
    [InlineData("spawn_task(task-*)", "spawn_task", "task-*")]
    public void A_rule_is_a_tool_and_perhaps_a_pattern(string text, string tool, string? pattern)
    {
        var rule = PermissionRule.TryParse(text, out var error);
        Assert.Null(error);
        Assert.Equal((tool, pattern, text), (rule?.Tool, rule?.Pattern, rule?.ToString()));
    }

    [Theory]
    [InlineData("", "0+1 A rule begins with a tool, as in `write(docs/**)`.")]
    [InlineData("(x)", "0+1 A rule begins with a tool, as in `write(docs/**)`.")]
    [InlineData("bsah(ls)", "0+4 The tool `bsah` does not exist. Did you mean `bash`?")]
    [InlineData("git*/x", "0+6 The tool `git*/x` does not exist.")]
    [InlineData("bash(ls", "4+3 The `)` is missing at the end of the rule.")]
    [InlineData("bash(ls) -l", "8+3 The rule must end with `)`. Remove the text after it.")]
    [InlineData("bash)", "4+1 This `)` has no `(` before it.")]
    [InlineData("bash()", "4+2 The pattern between `(` and `)` is missing. Remove both to match every use.")]
    [InlineData("bash( ls)", "5+3 The pattern must not begin or end with a space.")]
    [InlineData("bash(a\nb)", "6+1 A pattern must be one line without control characters.")]
    [InlineData("github/create_issue(x)", "20+1 Rules for MCP tools cannot have a pattern.")]
    [InlineData("write(../other/**)", "6+2 A path in a rule must not contain `..`.")]
    [InlineData("write(docs/./x)", "11+1 A path in a rule must not contain `.`.")]
    [InlineData(@"write(docs\x)", "10+1 A path in a rule uses `/` as the separator on every platform.")]
    [InlineData("write(docs/a**)", "11+3 `**` must be a whole path segment, as in `docs/**`.")]
    [InlineData("spawn_task(Task)", "11+1 The pattern of spawn_task must be the id of a template, such as `task-reviewer`.")]
    [InlineData("bash(*****************)", "5+17 The pattern has more than 16 stars.")]
    public void Reports_a_rule_error_at_its_position(string text, string expected)
    {
        Assert.Null(PermissionRule.TryParse(text, out var error));
        Assert.Equal(expected, $"{error?.Start}+{error?.Length} {error?.Message}");
    }

    [Theory]
    [InlineData("bash", "bash(npm test)", true)]
    [InlineData("bash(npm *)", "bash(npm test*)", true)]
    [InlineData("bash(npm test*)", "bash(npm *)", false)]
    [InlineData("bash(npm *)", "bash", false)]
    [InlineData("bash(npm *)", "bash(npmx)", false)]
    [InlineData("bash(*)", "bash(rm -rf /)", true)]
    [InlineData("bash(a*c)", "bash(a*b*c)", true)]
    [InlineData("bash(a?)", "bash(ab)", false)]
    [InlineData("write(docs/**)", "write(docs/a/b.md)", true)]
    [InlineData("write(docs/**)", "write(docs/*.md)", true)]
    [InlineData("write(docs/*)", "write(docs/a/b)", false)]
    [InlineData("write(docs/*)", "write(docs/**)", false)]
    [InlineData("write(docs/*)", "write(docs/a?)", true)]
    [InlineData("write(docs/a?)", "write(docs/a*)", false)]
    [InlineData("write(docs/a?)", "write(docs/a/)", false)]
    [InlineData("read(**/*.env)", "read(.env)", true)]
    [InlineData("read(**/*.env)", "read(a/b/x.env)", true)]
    [InlineData("read(**/*.env)", "read(a/**/x.env)", true)]
    [InlineData("read(a/**/x)", "read(a/x)", true)]
    [InlineData("read(a/**/x)", "read(a/bx)", false)]
    [InlineData("read(**)", "read(**/x)", true)]
    [InlineData("read(**/x)", "read(**)", false)]
    [InlineData("write(docs/**)", "edit(docs/x)", false)]
    [InlineData("github/*", "github/create_issue", true)]
    [InlineData("github/*", "github/*", true)]
    [InlineData("github/create_issue", "github/*", false)]
    [InlineData("github/*", "githubx/a", false)]
    [InlineData("spawn_task(task-*)", "spawn_task(task-reviewer)", true)]
    [InlineData("write(**)", "write(~/.ssh/**)", false)]
    [InlineData("write(**)", "write(/etc/hosts)", false)]
    [InlineData("write(**/hosts)", "write(/etc/hosts)", false)]
    [InlineData("write(*/notes)", "write(~/notes)", false)]
    [InlineData("write(/**)", "write(/etc/hosts)", true)]
    [InlineData("write(~/**)", "write(~/notes/a)", true)]
    public void A_rule_covers_what_is_narrower(string rule, string other, bool covers) =>
        Assert.Equal(covers, Rule(rule).Covers(Rule(other)));

    [Theory]
    [InlineData("write", true)]
    [InlineData("write(**)", true)]
    [InlineData("write(**/*.md)", true)]
    [InlineData("write(/**)", true)]
    [InlineData("edit(~/*)", true)]
    [InlineData("bash(*)", true)]
    [InlineData("bash(* --help)", true)]
    [InlineData("write(docs/**)", false)]
    [InlineData("edit(~/notes/**)", false)]
    [InlineData("bash(npm *)", false)]
    public void A_rule_without_a_folder_or_program_is_wide(string rule, bool isWide) => Assert.Equal(isWide, Rule(rule).IsWide);

    [Fact]
    public void Any_text_is_a_rule_or_an_error_within_the_text()
    {
        string[] scraps =
        [
            "read",
            "bash",
            "write",
            "spawn_task",
            "/",
            "*",
            "**",
            "(",
            ")",
            "..",
            "a",
            " ",
            "\n",
            "?",
            "\\",
            "é",
            "\uD800",
            "~",
        ];
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(3_000),
            Prop.ForAll(
                Gen.Elements(scraps).ListOf().Select(list => string.Concat(list)).ToArbitrary(),
                text =>
                {
                    var rule = PermissionRule.TryParse(text, out var error);
                    Assert.True(rule is null != error is null);
                    if (error is not null)
                    {
                        Assert.InRange(error.Start, 0, text.Length);
                        Assert.InRange(error.Start + error.Length, error.Start, Math.Max(1, text.Length));
                    }
                    else
                    {
                        Assert.True(rule!.ToString() == text && rule.Covers(rule));
                    }
                }
            )
        );
    }

    /// <summary>Compares rule coverage with a simple matcher: a path without wildcards is covered if it matches the rule.</summary>
    [Fact]
    public void Path_matching_agrees_with_a_reference_implementation()
    {
        var names = Gen.Elements("a", "ab", "b", "*", "a*", "?", "**");
        var paths = names.NonEmptyListOf().Select(list => string.Join('/', list.Take(5)));
        var plain = Gen.Elements("a", "ab", "b").NonEmptyListOf().Select(list => string.Join('/', list.Take(5)));
        var cases = from pattern in paths from path in plain select (pattern, path);
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(5_000),
            Prop.ForAll(
                cases.ToArbitrary(),
                pair =>
                    Assert.Equal(
                        Fits(pair.pattern.Split('/'), pair.path.Split('/')),
                        Rule($"read({pair.pattern})").Covers(Rule($"read({pair.path})"))
                    )
            )
        );
    }

    /// <summary>If one rule covers another and that covers a path, the first covers the path.</summary>
    [Fact]
    public void Rule_coverage_is_transitive()
    {
        var paths = Gen.Elements("a", "ab", "b", "*", "a*", "?", "**")
            .NonEmptyListOf()
            .Select(list => $"read({string.Join('/', list.Take(4))})");
        var cases = from a in paths from b in paths from c in paths select (a, b, c);
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(20_000),
            Prop.ForAll(
                cases.ToArbitrary(),
                three =>
                {
                    var (a, b, c) = (Rule(three.a), Rule(three.b), Rule(three.c));
                    Assert.True(!a.Covers(b) || !b.Covers(c) || a.Covers(c), $"{a} {b} {c}");
                }
            )
        );
    }

    private static bool Fits(ReadOnlySpan<string> pattern, ReadOnlySpan<string> path)
    {
        if (pattern.Length == 0)
        {
            return path.Length == 0;
        }

        if (pattern[0] == "**")
        {
            // At the end, ** matches everything below; before more names, any number of folders.
            if (pattern.Length == 1)
            {
                return path.Length > 0;
            }

            for (var skip = 0; skip <= path.Length; skip++)
            {
                if (Fits(pattern[1..], path[skip..]))
                {
                    return true;
                }
            }

            return false;
        }

        return path.Length > 0 && FitsName(pattern[0], path[0]) && Fits(pattern[1..], path[1..]);
    }

    private static bool FitsName(string pattern, string name) =>
        pattern switch
        {
            "*" => true,
            "?" => name.Length == 1,
            "a*" => name.StartsWith('a'),
            _ => pattern == name,
        };

    private static PermissionRule Rule(string text) => Assert.IsType<PermissionRule>(PermissionRule.TryParse(text, out _));
}
