using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Permissions;

namespace Plue.Server.Tests.Permissions;

/// <summary>Pure functions. PowerShell itself judges the same lines in <see cref="PowerShellParserTests"/>, where it is installed.</summary>
public sealed class PowerShellGrammarTests
{
    [Theory]
    [InlineData("git status", "git status")]
    [InlineData("GIT.exe  log\t--oneline -5", "git log --oneline -5")]
    [InlineData("get-content 'a b.txt' -totalcount 3", "Get-Content 'a b.txt' -totalcount 3")]
    [InlineData("npm run \"build all\"; npm test", "npm run 'build all' ; npm test")]
    [InlineData("git add a && git commit -m 'it''s'\n", "git add a && git commit -m 'it'\\''s'")]
    [InlineData("Get-ChildItem -Recurse | Select-Object -First 3", "Get-ChildItem -Recurse | Select-Object -First 3")]
    [InlineData(@"Set-Location src\app; .\build.cmd C:\x", @"cd 'src\app' ; '.\build.cmd' 'C:\x'")]
    [InlineData("Write-Output '$x `n $(a) & | <'", "Write-Output '$x `n $(a) & | <'")]
    public void Reduces_literal_commands(string line, string canonical) =>
        Assert.Equal((canonical, null), (PowerShellGrammar.Parse(line).Canonical, PowerShellGrammar.Parse(line).Unsupported));

    [Theory]
    [InlineData("git $x", "a variable")]
    [InlineData("git \"$x\"", "a variable")]
    [InlineData("git \"`$x\"", "an escape")]
    [InlineData("gi`t status", "an escape")]
    [InlineData("git `\nstatus", "an escape")]
    [InlineData("git $(calc)", "a subexpression")]
    [InlineData("git (calc)", "a subexpression")]
    [InlineData("git @(calc)", "an array")]
    [InlineData("git @args", "splatting")]
    [InlineData("git @{a=1}", "a hash table")]
    [InlineData("Write-Output @'\na\n'@", "a here-string")]
    [InlineData("Get-ChildItem | % Delete", "an alias such as %")]
    [InlineData("Get-ChildItem | ? Name", "an alias such as %")]
    [InlineData("a {calc}", "a script block")]
    [InlineData("& calc", "the call operator")]
    [InlineData("&calc", "the call operator")]
    [InlineData("git status | & calc", "the call operator")]
    [InlineData(". .\\a.ps1", "the call operator")]
    [InlineData("git status &", "the operator &")]
    [InlineData("git a&calc", "the operator &")]
    [InlineData("git status > a.txt", "a redirection")]
    [InlineData("git status 2>&1", "a redirection")]
    [InlineData("git status <a", "a redirection")]
    [InlineData("[IO.File]::Delete('a')", "an expression")]
    [InlineData("Write-Output [a]", "a type")]
    [InlineData("git add *.ts", "a wildcard")]
    [InlineData("git add a?", "a wildcard")]
    [InlineData("git a,b", "an array")]
    [InlineData("git #x", "a comment")]
    [InlineData("'git' status", "an expression")]
    [InlineData("5", "an expression")]
    [InlineData(".5", "an expression")]
    [InlineData("-not a", "an expression")]
    [InlineData("!a", "an expression")]
    [InlineData("git 'a'b", "text follows a quote")]
    [InlineData("git a'b'", "a quote inside of a word")]
    [InlineData("git 'a", "a quote is missing")]
    [InlineData("git --% a", "--%")]
    [InlineData("git -a.b", "splits this parameter")]
    [InlineData("git -a:b", "splits this parameter")]
    [InlineData("if a", "the keyword if")]
    [InlineData("FOREACH a", "the keyword FOREACH")]
    [InlineData("process a", "the keyword process")]
    [InlineData("a=5", "not literal")]
    [InlineData("git \u2018a", "a typographic quote")]
    [InlineData("git 'a\u2019; calc; \u2018b'", "a typographic quote")]
    [InlineData("git \u2013a", "a typographic quote or dash")]
    [InlineData("git\u00A0status", "a nonstandard space")]
    [InlineData("git ~", "PowerShell resolves")]
    [InlineData("Get-Content Env:PATH", "something other than a file")]
    [InlineData("New-Item Alias:git", "something other than a file")]
    [InlineData("Get-Content a.txt:hidden", "something other than a file")]
    [InlineData("Get-Content 'Registry::HKLM'", "something other than a file")]
    [InlineData("D:", "changes the drive")]
    [InlineData("cd..", "changes the drive or folder")]
    [InlineData("npm run 'a&calc'", "a batch file")]
    [InlineData("npm run 'a%PATH%'", "a batch file")]
    [InlineData("git commit -m 'say \"x\"'", "a batch file")]
    [InlineData("git ''", "an empty word")]
    [InlineData("git 'a b\\'", "a backslash at the end")]
    [InlineData("git status;;calc", "a command is missing")]
    [InlineData("git status |", "a command is missing")]
    [InlineData("", "no command")]
    [InlineData("git \u0007", "a control character")]
    public void Everything_else_is_unsupported(string line, string what)
    {
        var reading = PowerShellGrammar.Parse(line);
        Assert.Contains(what, reading.Unsupported?.What ?? "", StringComparison.Ordinal);
        Assert.Null(reading.Canonical);
    }

    [Theory]
    [InlineData("cd a; git x", "a")]
    [InlineData("Set-Location 'a b'; sl c; git x", "a b|c")]
    [InlineData("cd; git x", null)]
    [InlineData("cd -; git x", null)]
    [InlineData("cd -Path a; git x", null)]
    [InlineData("cd 'a*'; git x", null)]
    [InlineData("git y && cd a; git x", null)]
    [InlineData("cd a || cd b; git x", null)]
    [InlineData("cd a | git y; git x", null)]
    public void Knows_the_folder_of_each_command(string line, string? folders)
    {
        var last = PowerShellGrammar.Parse(line).Commands[^1];
        Assert.Equal(folders, last.DirectoryChanges is { } moves ? string.Join('|', moves) : null);
    }

    [Theory]
    [InlineData("Get-Content a.txt", Decision.Allow)]
    [InlineData("Get-ChildItem -Recurse -Filter 'x' sub", Decision.Allow)]
    [InlineData("Select-String one a.txt | Select-Object -First 1", Decision.Allow)]
    [InlineData("cd sub; Get-Content b.txt", Decision.Allow)]
    [InlineData("Get-Content ../../.ssh/id_rsa", Decision.Deny)]
    [InlineData("Get-Content a.txt -Wait", Decision.Ask)]
    [InlineData("Get-Content //server/share/a", Decision.Ask)]
    [InlineData("Get-Content 'C:a.txt'", Decision.Ask)]
    [InlineData("Get-Content 'PROGRA~1'", Decision.Ask)]
    [InlineData("Get-Content '*.txt'", Decision.Ask)]
    [InlineData("cat a.txt", Decision.Ask)]
    [InlineData("git status", Decision.Ask)]
    [InlineData("npm test", Decision.Allow)]
    [InlineData("NPM.exe test", Decision.Allow)]
    [InlineData("npm test; iex a", Decision.Ask)]
    [InlineData("npm test | Invoke-Expression", Decision.Ask)]
    [InlineData("npm test $x", Decision.Ask)]
    [InlineData("pwsh -EncodedCommand AAAA", Decision.Ask)]
    [InlineData("Start-Process npm", Decision.Ask)]
    [InlineData("cmd /c dir", Decision.Ask)]
    [InlineData("REM.exe a", Decision.Deny)]
    public void The_policy_judges_for_PowerShell(string line, Decision decision)
    {
        using var fixture = new PermissionFixture(shell: "/usr/bin/pwsh");
        var agent = fixture.Agent(
            allow:
            [
                "bash(npm test)",
                "bash(iex *)",
                "bash(Invoke-Expression*)",
                "bash(pwsh *)",
                "bash(Start-Process *)",
                "bash(cmd *)",
                "bash(cat *)",
            ],
            deny: ["bash(rem *)"]
        );
        Directory.CreateDirectory(Path.Combine(fixture.Home, ".ssh"));
        File.WriteAllText(Path.Combine(fixture.Home, ".ssh", "id_rsa"), "");
        var verdict = fixture.Command(line.Replace("../../.ssh", Path.Combine(fixture.Home, ".ssh"), StringComparison.Ordinal), agent);
        Assert.Equal(decision, verdict.Decision);
    }

    [Fact]
    public void Any_text_is_read_without_a_failure_and_what_is_supported_has_only_literal_words()
    {
        Prop.ForAll(
                Arb.From(PowerShellLines.Any),
                line =>
                {
                    var reading = PowerShellGrammar.Parse(line);
                    if (reading.Unsupported is not null)
                    {
                        return reading.Canonical is null;
                    }

                    // Each word is in the line as it is, or is a spelling of its program, or doubles quotes.
                    return reading.Commands.Count > 0
                        && reading
                            .Commands.SelectMany(command => command.Words.Skip(1))
                            .All(word =>
                                line.Contains(word, StringComparison.Ordinal)
                                || line.Contains(word.Replace("'", "''", StringComparison.Ordinal), StringComparison.Ordinal)
                                || line.Contains(word.Replace("\"", "\"\"", StringComparison.Ordinal), StringComparison.Ordinal)
                            );
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(5_000));
    }
}

/// <summary>Random PowerShell lines, built from significant tokens, valid and invalid.</summary>
internal static class PowerShellLines
{
    private static readonly string[] Pieces =
    [
        .. (
            "git status cat Get-Content Get-ChildItem cd sl Set-Location sub a.txt -Path -Recurse -a --x --x.y -a.b -a:b --% -- 'q' \"d\" 'it''s' ; | && || & "
            + "$x $(a) ` ' \" ( ) { } [ ] @ @x @' % ? * , # < > 2>&1 = + ! ~ ^ : C: C:\\x \\ . .. / 0 5 1kb -1 .5 if foreach process data class exit "
            + "return a=b Env:P :: \u2018 \u201C \u2013 é 名 x Invoke-Expression iex cd.. D: -and -not _ - -? a@b a!b 'a'b '' \"\" %PATH% \\\" --o=\"v\" :x 1..2 "
            + "-x=1 /c //s"
        ).Split(' '),
        "\t",
        "\n",
        "\u00A0",
    ];

    public static Gen<string> Any =>
        Gen.Choose(1, 9)
            .SelectMany(count => Gen.Elements(Pieces).ListOf(count))
            .SelectMany(pieces =>
                Gen.Elements(true, true, false)
                    .ListOf(pieces.Count)
                    .Select(gaps => string.Concat(pieces.Zip(gaps, (piece, gap) => gap ? $"{piece} " : piece)))
            );
}
