using Plue.Server.Messages;
using Plue.Server.Providers.External;

namespace Plue.Server.Tests.Providers.External;

public sealed class ExternalProgramsTests : IDisposable
{
    private readonly ExternalHome home = new();

    public ExternalProgramsTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "The programs of these tests are shell scripts.");

    public void Dispose() => home.Dispose();

    [Fact]
    public void Programs_are_found_in_the_folder_on_PATH_and_in_files_and_none_is_approved_by_that()
    {
        var inFolder = home.Write("plue/providers/bin/gateway", "#!/bin/sh\n");
        var onPath = home.Write("path/plue-provider-echo", "#!/bin/sh\n");
        home.Write("path/other", "#!/bin/sh\n");
        var named = home.Write("elsewhere/mine", "#!/bin/sh\n");
        var found = home.Programs.List([named, Path.Combine(home.Folder, "gone"), "relative/one"]);
        Assert.Equal(new[] { named, inFolder, onPath }.Order(StringComparer.Ordinal), found.Select(program => program.Path));
        Assert.All(found, program => Assert.False(program.IsApproved || program.ChangedSinceApproval));
    }

    [Fact]
    public async Task Nothing_is_started_before_it_was_approved()
    {
        var path = home.Write("mine", $"#!/bin/sh\ntouch '{home.Folder}/was-started'\n");
        await using var provider = home.Provider(path);
        var failure = Assert
            .IsType<Plue.Server.Providers.ProviderEvent.Failed>(Assert.Single(await ExternalHome.AllAsync(provider)))
            .Failure;
        Assert.Equal(FailureKind.PermissionDenied, failure.Kind);
        Assert.Contains("Approve it in Manage Providers", failure.Message);
        Assert.Equal(FailureKind.PermissionDenied, (await provider.CheckAsync(default))?.Kind);
        Assert.False(File.Exists(Path.Combine(home.Folder, "was-started")));
        Assert.Empty(home.Secrets.Asked);
    }

    [Fact]
    public void A_program_that_changed_is_asked_about_again()
    {
        var path = home.WriteApproved("mine", "#!/bin/sh\n# one\n");
        Assert.True(home.Programs.Inspect(path).IsApproved);
        home.Write("mine", "#!/bin/sh\n# two\n");
        var changed = home.Programs.Inspect(path);
        Assert.True(changed is { IsApproved: false, ChangedSinceApproval: true });
        Assert.Contains(
            "has changed since you approved it",
            Assert.Throws<FailureException>(() => home.Programs.RequireApproved(path)).Message
        );
    }

    [Fact]
    public async Task Two_windows_that_approve_at_once_keep_each_others_approvals()
    {
        var paths = Enumerable.Range(0, 16).Select(number => home.Write($"mine{number}", $"#!/bin/sh\n# {number}\n")).ToList();
        ExternalPrograms[] windows = [NewWindow(), NewWindow()];
        await Task.WhenAll(
            paths.Select(
                (path, number) =>
                    Task.Run(() =>
                    {
                        var window = windows[number % windows.Length];
                        return window.Approve(path, window.Inspect(path).Sha256);
                    })
            )
        );
        Assert.All(paths, path => Assert.True(home.Programs.Inspect(path).IsApproved));

        ExternalPrograms NewWindow() => new(home.Paths, null, () => null, TimeProvider.System);
    }

    [Fact]
    public void The_approved_program_is_the_one_that_was_shown()
    {
        var path = home.Write("mine", "#!/bin/sh\n# one\n");
        var seen = home.Programs.Inspect(path).Sha256;
        home.Write("mine", "#!/bin/sh\n# two\n");
        Assert.Equal(FailureKind.Conflict, Assert.Throws<FailureException>(() => home.Programs.Approve(path, seen)).Failure.Kind);
        Assert.False(home.Programs.Inspect(path).IsApproved);
    }

    [Fact]
    public void A_workspace_cannot_provide_a_program_not_even_through_a_link()
    {
        home.OpenFolder = Path.Combine(home.Folder, "workspace");
        var inside = home.Write("workspace/mine", "#!/bin/sh\n");
        var link = Path.Combine(home.Folder, "link");
        File.CreateSymbolicLink(link, inside);
        foreach (var path in new[] { inside, link })
        {
            Assert.Contains("is in the workspace", Assert.Throws<FailureException>(() => home.Programs.Inspect(path)).Message);
        }
    }

    [Fact]
    public void A_secret_of_a_program_is_for_this_path_and_this_content()
    {
        var one = home.Programs.Inspect(home.Write("one", "#!/bin/sh\n"));
        var copy = home.Programs.Inspect(home.Write("copy", "#!/bin/sh\n"));
        var changed = home.Programs.Inspect(home.Write("one", "#!/bin/sh\n#\n"));
        Assert.Equal(
            3,
            new[] { one, copy, changed }.Select(program => Plue.Server.Vault.Origin.Parse(program.Origin.ToString())).Distinct().Count()
        );
    }

    [Fact]
    public void A_damaged_list_of_approvals_approves_nothing()
    {
        var path = home.WriteApproved("mine", "#!/bin/sh\n");
        File.WriteAllText(home.Paths.Approvals, "{ nonsense");
        Assert.False(home.Programs.Inspect(path).IsApproved);
    }

    [Fact]
    public void Files_that_are_not_programs_are_rejected_with_a_reason_and_without_secrets()
    {
        var plain = home.Write("plain", "no program");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(plain, UnixFileMode.UserRead);
        }
        var large = home.Write("large", "#!/bin/sh\n");
        using (var file = new FileStream(large, FileMode.Open))
        {
            file.SetLength(1024L * 1024 * 1024 + 1);
        }
        foreach (
            var (path, why) in new[]
            {
                ("bin/mine", "bin/mine is not an absolute path."),
                (Path.Combine(home.Folder, "gone"), "gone does not exist."),
                (home.Folder, "does not exist."),
                (plain, "plain is not executable."),
                (large, "large is larger than 1 GiB."),
            }
        )
        {
            var failure = Assert.Throws<FailureException>(() => home.Programs.Inspect(path)).Failure;
            Assert.Equal(FailureKind.ProviderExecutableFailed, failure.Kind);
            Assert.EndsWith(
                $"{why} Give the program's absolute path in the provider's settings.",
                failure.Message,
                StringComparison.Ordinal
            );
            Assert.Null(home.Programs.OriginOf(path));
        }

        Assert.Empty(home.Programs.List([plain, large]));
    }

    [Fact]
    public void Does_not_approve_without_storing_the_approval()
    {
        var path = home.Write("mine", "#!/bin/sh\n");
        File.WriteAllText(home.Paths.Home, "in the way");
        var failure = Assert.Throws<FailureException>(() => home.Programs.Approve(path, home.Programs.Inspect(path).Sha256)).Failure;
        Assert.Equal(FailureKind.StoreReadOnly, failure.Kind);
        Assert.Contains($"Make {home.Paths.Home} writable", failure.Message, StringComparison.Ordinal);
        Assert.False(home.Programs.Inspect(path).IsApproved);
    }

    [Fact]
    public void A_program_that_stays_the_same_has_one_origin_and_a_changed_one_another()
    {
        var path = home.Write("mine", "#!/bin/sh\n");
        var origin = home.Programs.OriginOf(path);
        Assert.Equal(origin, home.Programs.OriginOf(path));
        home.Write("mine", "#!/bin/sh\n# more\n");
        Assert.NotEqual(origin, home.Programs.OriginOf(path));
    }
}
