using System.Diagnostics;
using System.Runtime.Versioning;
using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Tools;

namespace Plue.Server.Tests.Tools;

[UnsupportedOSPlatform("windows")]
public sealed class SearchToolTests : IDisposable
{
    private readonly ToolFixture fixture = new();

    /// <summary>The agent has no other tool, not even <c>read</c>.</summary>
    public SearchToolTests() => fixture.Rights = fixture.Rights with { Tools = ["search"] };

    public void Dispose() => fixture.Dispose();

    public static TheoryData<bool> Ways => [true, false];

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Lines_are_found_with_their_place(bool byRipgrep)
    {
        fixture.Write("src/a.ts", "one\nTwo words\n");
        fixture.Write("src/deep/b.ts", "two\r\n");
        fixture.Write("c.md", "two\n");
        fixture.Write(".github/d.yml", "two\n");
        var tool = Search(byRipgrep);
        Assert.Equal(
            ".github/d.yml:1: two\nc.md:1: two\nsrc/deep/b.ts:1: two\n[3 lines in 3 files.]\n",
            await fixture.ResultAsync(tool, """{"query":"two"}""")
        );
        Assert.Equal(
            "src/a.ts:2: Two words\nsrc/deep/b.ts:1: two\n[2 lines in 2 files.]\n",
            await fixture.ResultAsync(tool, """{"query":"two","ignore_case":true,"files":"src/**"}""")
        );
        Assert.Equal(
            "src/a.ts:2: Two words\n[1 line in 1 file.]\n",
            await fixture.ResultAsync(tool, """{"query":"^T\\w+ w","regex":true}""")
        );
        Assert.Equal("src/a.ts\nsrc/deep/b.ts\n", await fixture.ResultAsync(tool, """{"files":"*.ts"}"""));
        Assert.Equal("c.md\nsrc/a.ts\n", await fixture.ResultAsync(tool, """{"files":"{*.md,src/*.ts}"}"""));
        Assert.Equal("No line fits.\n", await fixture.ResultAsync(tool, """{"query":"three"}"""));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task SEC_30_Files_ignored_by_git_are_skipped_even_if_requested(bool byRipgrep)
    {
        fixture.Write(".gitignore", "secret.ts\nbuild/\n!keep.log\n");
        fixture.Write("secret.ts", "needle");
        fixture.Write("build/x.ts", "needle");
        fixture.Write("deep/secret.ts", "needle");
        fixture.Write("deep/.gitignore", "*.log\n!keep.log\n");
        fixture.Write("deep/a.log", "needle");
        fixture.Write("deep/keep.log", "needle");
        fixture.Write(".git/config", "needle");
        File.CreateSymbolicLink(fixture.PathOf("way-round.ts"), "secret.ts");
        File.CreateSymbolicLink(fixture.PathOf("way-in"), "build");
        foreach (
            var parameters in new[]
            {
                """{"query":"needle"}""",
                """{"query":"needle","files":"**/*"}""",
                """{"query":"need.e","regex":true}""",
            }
        )
        {
            Assert.Equal("deep/keep.log:1: needle\n[1 line in 1 file.]\n", await fixture.ResultAsync(Search(byRipgrep), parameters));
        }

        Assert.Equal("No file fits.\n", await fixture.ResultAsync(Search(byRipgrep), """{"files":"*.ts"}"""));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task SEC_25_Search_does_not_find_files_that_a_rule_denies_reading(bool byRipgrep)
    {
        fixture.Rights = fixture.Rights with { Permissions = new([], ["read(asked.txt)"], ["read(private/**)"]) };
        foreach (var name in new[] { "private/a.txt", "asked.txt", "open.txt", ".env" })
        {
            fixture.Write(name, "needle\n");
        }
        Assert.Equal(
            "open.txt:1: needle\n[1 line in 1 file.]\n[3 more are not readable and were skipped.]\n",
            await fixture.ResultAsync(Search(byRipgrep), """{"query":"needle"}""")
        );
        Assert.Equal(
            "open.txt\n[2 more are not readable and were skipped.]\n",
            await fixture.ResultAsync(Search(byRipgrep), """{"files":"*.txt"}""")
        );
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task SEC_29_Nothing_outside_the_workspace_is_found_and_no_link_followed(bool byRipgrep)
    {
        File.WriteAllText(Path.Combine(fixture.Outside, "a.txt"), "needle");
        File.CreateSymbolicLink(fixture.PathOf("out"), fixture.Outside);
        File.CreateSymbolicLink(fixture.PathOf("a.txt"), Path.Combine(fixture.Outside, "a.txt"));
        foreach (
            var parameters in new[]
            {
                """{"query":"needle"}""",
                """{"query":"needle","files":"../outside/*"}""",
                """{"query":"needle","files":"out/**"}""",
            }
        )
        {
            Assert.Equal("No line fits.\n", await fixture.ResultAsync(Search(byRipgrep), parameters));
        }
    }

    [Fact]
    public async Task SEC_09_A_ripgrep_in_the_workspace_is_not_run_and_no_settings_file_is_read()
    {
        fixture.Write("rg", "#!/bin/sh\ntouch ran\n");
        File.SetUnixFileMode(fixture.PathOf("rg"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        fixture.Write("rc", "--pre=./rg\n");
        Environment.SetEnvironmentVariable("RIPGREP_CONFIG_PATH", fixture.PathOf("rc"));
        try
        {
            await fixture.RunAsync(new SearchTool("", fixture.Policy), """{"query":"x"}""");
        }
        finally
        {
            Environment.SetEnvironmentVariable("RIPGREP_CONFIG_PATH", null);
        }

        Assert.False(File.Exists(fixture.PathOf("ran")));
    }

    [Fact]
    public async Task A_query_is_never_an_option()
    {
        fixture.Write("a.txt", "--files\n-e x\n");
        Assert.Equal("a.txt:1: --files\n[1 line in 1 file.]\n", await fixture.ResultAsync(Search(true), """{"query":"--files"}"""));
        Assert.Equal("a.txt:2: -e x\n[1 line in 1 file.]\n", await fixture.ResultAsync(Search(true), """{"query":"-e x"}"""));
    }

    [Fact]
    public async Task A_regular_expression_without_an_end_is_stopped()
    {
        fixture.Write("a.txt", new string('a', 40) + "!\n");
        Assert.Contains(
            "takes too long",
            await fixture.ErrorAsync(Search(false), """{"query":"^(?=a)(a+)+$","regex":true}""").WaitAsync(TimeSpan.FromSeconds(20)),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "not a valid regular expression",
            await fixture.ErrorAsync(Search(false), """{"query":"(","regex":true}"""),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task REL_36_37_Pipes_keys_binaries_and_names_that_are_no_text_hold_nothing_up(bool byRipgrep)
    {
        ToolFixture.Shell(
            "mkfifo pipe; printf 'needle\\0' > binary; printf 'needle' > \"$(printf 'n\\377me')\"; truncate -s 20M large; ln -s loop loop; printf '\\377\\376n\\000e\\000e\\000d\\000l\\000e\\000' > wide",
            fixture.Workspace
        );
        fixture.Write("key", "-----BEGIN PRIVATE KEY-----\nneedle\n");
        fixture.Write("latin", System.Text.Encoding.Latin1.GetBytes("schöne needle und viel mehr Text\n"));
        var text = await fixture.ResultAsync(Search(byRipgrep), """{"query":"needle"}""").WaitAsync(TimeSpan.FromSeconds(20));
        Assert.StartsWith(
            "latin:1: schöne needle und viel mehr Text\nwide:1: needle\n[2 lines in 2 files.]\n",
            text,
            StringComparison.Ordinal
        );
        Assert.Contains("1 files have a name that is not valid text", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task REL_35_A_long_search_stops_within_a_second()
    {
        for (var i = 0; i < 200; i++)
        {
            fixture.Write($"f{i}.txt", string.Concat(Enumerable.Repeat("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\n", 20_000)));
        }
        using var stop = new CancellationTokenSource();
        var running = fixture.RunAsync(Search(false), """{"query":"(a|aa)+c(?!b)","regex":true}""", null, stop.Token);
        // A search raises no event before it ends.
        await Task.Delay(300, default);
        var watch = Stopwatch.StartNew();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => running);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 3);
    }

    /// <summary>Compares with git's output for the same files.</summary>
    [Fact]
    public void Ignores_the_same_files_as_git()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/git"), "git is not installed.");
        string[] files =
        [
            "a.txt",
            "b.log",
            "dir/a.txt",
            "dir/b.log",
            "dir/sub/a.txt",
            "dir/sub/x.o",
            "build/a.txt",
            "src/build/a.txt",
            "a b.txt",
            "sub/#x",
            "[x].txt",
            "x/y/z/w.txt",
        ];
        foreach (var file in files)
        {
            fixture.Write(file, "x");
        }
        ToolFixture.Shell("git init -q .", fixture.Workspace);
        var rule = Gen.Elements(
            "*.log",
            "*.txt",
            "build/",
            "/build",
            "dir",
            "dir/",
            "dir/*",
            "!dir/a.txt",
            "!b.log",
            "**/sub",
            "dir/**",
            "**/z/*.txt",
            "x/**/w.txt",
            "a?b.txt",
            "[a-b].*",
            "[!a].txt",
            "\\#x",
            "#x",
            "\\[x\\].txt",
            "*",
            "!*.txt",
            "!*/",
            "sub/x.o",
            "/*.txt",
            "a.txt ",
            "",
            "*.[ol]*"
        );
        Prop.ForAll(
                Arb.From(from top in rule.ListOf() from inner in rule.ListOf() select (top, inner)),
                one =>
                {
                    fixture.Write(".gitignore", string.Join('\n', one.top) + "\n");
                    fixture.Write("dir/.gitignore", string.Join('\n', one.inner) + "\n");
                    // Files that are neither tracked nor ignored must be listed.
                    var (_, output) = ToolFixture.Shell(
                        "git -c core.excludesFile=/dev/null -c core.quotePath=false ls-files -z --others --exclude-standard",
                        fixture.Workspace
                    );
                    var expected = output.Split('\0', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal);
                    Assert.Equal(expected, new WorkspaceListing(null).Files(fixture.Workspace, null, false, default, out _));
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(150));
    }

    private SearchTool Search(bool byRipgrep)
    {
        Assert.SkipWhen(byRipgrep && WorkspaceListing.FindRipgrep() is null, "ripgrep is not installed.");
        return new SearchTool("", fixture.Policy) { Ripgrep = byRipgrep ? WorkspaceListing.FindRipgrep() : null };
    }
}
