using Plue.Server.Permissions;
using Plue.Server.Tools;

namespace Plue.Server.Tests.Permissions;

/// <summary>The search is a pure function of the environment and the files, so that it is tested for Windows everywhere. It was not run on Windows.</summary>
public sealed class CommandShellTests
{
    private const string Git = @"C:\Program Files\Git\bin\bash.exe";
    private const string Seven = @"C:\Program Files\PowerShell\7\pwsh.exe";
    private const string Five = @"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe";

    [Theory]
    [InlineData(new[] { Git, Seven, Five }, Git, "Posix")]
    [InlineData(new[] { @"D:\Tools\Git\cmd\git.exe", @"D:\Tools\Git\bin\bash.exe", Git, Seven }, @"D:\Tools\Git\bin\bash.exe", "Posix")]
    [InlineData(new[] { @"D:\Git\mingw64\bin\git.exe", @"D:\Git\bin\bash.exe", Five }, @"D:\Git\bin\bash.exe", "Posix")]
    [InlineData(
        new[] { @"C:\Users\me\AppData\Local\Programs\Git\bin\bash.exe" },
        @"C:\Users\me\AppData\Local\Programs\Git\bin\bash.exe",
        "Posix"
    )]
    [InlineData(new[] { @"C:\Windows\System32\bash.exe", Seven, Five }, Seven, "PowerShell")]
    [InlineData(new[] { @"D:\Apps\pwsh.exe", Five }, @"D:\Apps\pwsh.exe", "PowerShell")]
    [InlineData(new[] { @".\pwsh.exe", @"bin\git.exe", Five }, Five, "PowerShell")]
    [InlineData(new string[0], null, null)]
    public void Finds_Git_Bash_then_PowerShell_7_then_Windows_PowerShell(string[] files, string? path, string? kind)
    {
        var environment = new Dictionary<string, string>
        {
            ["PATH"] = @"C:\Windows\System32;.;bin;""D:\Tools\Git\cmd"";D:\Git\mingw64\bin\;D:\Apps",
            ["ProgramFiles"] = @"C:\Program Files",
            ["LOCALAPPDATA"] = @"C:\Users\me\AppData\Local",
            ["USERPROFILE"] = @"C:\Users\me",
            ["SystemRoot"] = @"C:\Windows",
        };
        var found = CommandShell.Find(isWindows: true, environment.GetValueOrDefault, files.Contains);
        Assert.Equal((path, kind), (found?.Path, found?.Kind.ToString()));
    }

    [Fact]
    public void The_policy_and_the_tool_use_the_same_shell()
    {
        Assert.Equal(File.Exists("/bin/bash") ? "/bin/bash" : CommandShell.OfThisMachine?.Path, CommandShell.OfThisMachine?.Path);
        Assert.Equal(ShellKind.Other, CommandShell.At("/usr/bin/fish").Kind);
        Assert.True(CommandShell.At(Git).HasOwnPaths);
    }

    [Theory]
    [InlineData("npm test", Decision.Allow)]
    [InlineData("npm test > /dev/null", Decision.Allow)]
    [InlineData("cat /c/Users/me/.ssh/id_rsa", Decision.Ask)]
    [InlineData("cat --file=/c/x", Decision.Ask)]
    [InlineData("npm test > /c/x", Decision.Ask)]
    [InlineData("cd /c && npm test", Decision.Ask)]
    public void Paths_that_only_Git_Bash_resolves_are_asked_about(string line, Decision decision)
    {
        using var fixture = new PermissionFixture(shell: Git);
        var verdict = fixture.Command(line, fixture.Agent(allow: ["bash(npm *)", "bash(cat *)", "bash(cd *)"]));
        Assert.Equal((decision, null), (verdict.Decision, verdict.Rule));
    }

    [Fact]
    public void PowerShell_gets_the_exact_line_encoded()
    {
        var arguments = BashTool.PowerShellArguments("git commit -m 'a \"b\"'");
        Assert.Equal("-EncodedCommand", arguments[^2]);
        Assert.Contains(
            "\ngit commit -m 'a \"b\"'\n",
            System.Text.Encoding.Unicode.GetString(Convert.FromBase64String(arguments[^1])),
            StringComparison.Ordinal
        );
        Assert.Contains("-NoProfile", arguments);
    }
}
