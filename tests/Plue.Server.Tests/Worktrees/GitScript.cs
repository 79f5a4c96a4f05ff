namespace Plue.Server.Tests.Worktrees;

/// <summary>A program named git that runs a shell script, in which <c>git_real</c> is the real one.</summary>
internal static class GitScript
{
    public static readonly string Real = (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, "git"))
        .First(File.Exists);

    public static async Task WriteAsync(string folder, string script)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The script needs a shell.");
        var path = Path.Combine(folder, "git");
        await File.WriteAllTextAsync(
            path,
            $"#!/bin/sh\nPATH=/usr/bin:/bin\n{script.Replace("git_real", Real, StringComparison.Ordinal)}\n",
            TestContext.Current.CancellationToken
        );
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
