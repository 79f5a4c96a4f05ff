using Microsoft.Extensions.Logging.Abstractions;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Providers.ClaudeCode;

namespace Plue.Server.Tests.Providers.ClaudeCode;

public sealed class ClaudeCodeLocatorTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("plue-locator-").FullName;
    private readonly Dictionary<string, string> environment;

    public ClaudeCodeLocatorTests() =>
        environment = new()
        {
            ["HOME"] = Folder("home"),
            ["PATH"] = Folder("empty"),
            ["SHELL"] = "/bin/sh",
        };

    [Fact]
    public async Task Uses_cli_path_first_and_never_falls_back_from_a_wrong_one()
    {
        var set = Install("set");
        environment["PATH"] = Path.GetDirectoryName(Install("path"))!;
        Assert.Equal(set, (await FindAsync(set)).Program?.Path);
        var missing = await FindAsync(Path.Combine(root, "missing"));
        Assert.Null(missing.Program);
        Assert.Contains("does not exist", Assert.Single(missing.Tried));
        Assert.Contains("not an absolute path", Assert.Single((await FindAsync("bin/claude")).Tried));
        Assert.Contains("is not executable", Assert.Single((await FindAsync(Install("plain", executable: false))).Tried));
        Assert.Contains("command shell", Assert.Single((await FindAsync(Install("shim", "claude.cmd"))).Tried));
    }

    [Fact]
    public async Task PATH_is_searched_without_relative_entries()
    {
        var found = Install("path");
        environment["PATH"] = $"bin:.:{Path.GetDirectoryName(found)}";
        var location = await FindAsync();
        Assert.Equal((found, "PATH"), (location.Program?.Path, location.Program?.FoundBy));
        Assert.Equal(2, location.Tried.Count(sentence => sentence.Contains("is relative")));
    }

    [Fact]
    public async Task A_workspace_never_brings_the_program_along()
    {
        var inside = Install("work/bin");
        Directory.CreateSymbolicLink(Path.Combine(root, "link"), Path.Combine(root, "work"));
        var outside = Install("path");
        environment["PATH"] = $"{Path.GetDirectoryName(inside)}:{Path.Combine(root, "link", "bin")}:{Path.GetDirectoryName(outside)}";
        var locator = new ClaudeCodeLocator(null, environment);
        Assert.Equal(outside, (await locator.FindAsync(WorkspaceFolders.Of(Path.Combine(root, "work")), default)).Program?.Path);
        Assert.Equal(outside, (await locator.FindAsync(WorkspaceFolders.Of(Path.Combine(root, "link")), default)).Program?.Path);
        var unguarded = new ClaudeCodeLocator(null, environment);
        Assert.Equal(inside, (await unguarded.FindAsync(null, default)).Program?.Path);
        Assert.Equal(outside, (await unguarded.FindAsync(WorkspaceFolders.Of(Path.Combine(root, "work")), default)).Program?.Path);
    }

    [Fact]
    public async Task A_program_in_the_workspace_is_never_used_even_while_it_is_untrusted()
    {
        var inside = Install("work/bin");
        environment["PATH"] = Path.GetDirectoryName(inside)!;
        await using var provider = new ClaudeCodeProvider(
            new ProviderSettings
            {
                Id = "claude",
                Name = "Claude",
                Kind = ProviderKinds.ClaudeCode,
            },
            new NoKeys(),
            new PluePaths(Path.Combine(root, "plue")),
            TimeProvider.System,
            NullLogger.Instance,
            environment,
            () => WorkspaceFolders.Of(Path.Combine(root, "work"))
        );
        var location = await provider.LocateAsync(default);
        Assert.NotEqual(inside, location.Program?.Path);
        Assert.Contains(location.Tried, sentence => sentence.Contains(inside) && sentence.Contains("inside the workspace"));
    }

    private sealed class NoKeys : ISecretSource
    {
        public ValueTask<Secret> GetAsync(string reference, Uri origin, CancellationToken cancellationToken) =>
            throw new InvalidOperationException("No key is wanted.");
    }

    [Fact]
    public async Task The_login_shell_is_asked_and_its_greeting_ignored()
    {
        var found = Install("shell");
        await File.WriteAllTextAsync(
            Path.Combine(environment["HOME"], ".profile"),
            $"echo Welcome; export PATH=$PATH:{Path.GetDirectoryName(found)}\n"
        );
        var location = await FindAsync();
        Assert.Equal((found, "the login shell"), (location.Program?.Path, location.Program?.FoundBy));
    }

    [Fact]
    public async Task The_usual_places_come_last()
    {
        var found = Install("home/.nvm/versions/node/v22.1.0/bin");
        Assert.Equal((found, "a known place"), await FindAsync() is { Program: { } program } ? (program.Path, program.FoundBy) : default);
        var native = Install("home/.local/bin");
        Assert.Equal(native, (await FindAsync()).Program?.Path);
    }

    [Fact]
    public async Task Lists_the_searched_locations_and_finds_a_later_install()
    {
        var locator = new ClaudeCodeLocator(null, environment);
        var location = await locator.FindAsync(null, default);
        Assert.SkipUnless(location.Program is null, "This machine has a claude in a usual place.");
        Assert.Equal(3, location.Tried.Count);
        Assert.All(location.Tried, sentence => Assert.EndsWith(".", sentence));
        var found = Install("home/.local/bin");
        Assert.Equal(found, (await locator.FindAsync(null, default)).Program?.Path);
    }

    public void Dispose() => Directory.Delete(root, recursive: true);

    private Task<ClaudeCodeLocation> FindAsync(string? cliPath = null) =>
        new ClaudeCodeLocator(cliPath, environment).FindAsync(null, default);

    private string Folder(string name) => Directory.CreateDirectory(Path.Combine(root, name)).FullName;

    private string Install(string folder, string name = "claude", bool executable = true)
    {
        var path = Path.Combine(Folder(folder), name);
        File.WriteAllLines(path, ["#!/bin/sh"]);
        if (executable && !OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return path;
    }
}
