using Plue.Server.Platform;

namespace Plue.Server.Tests.Platform;

public sealed class ProtectedPathsTests
{
    [Fact]
    public void Only_files_in_the_worktree_of_a_task_are_excepted_from_the_protection_of_Plues_folder()
    {
        var root = Directory.CreateTempSubdirectory("plue-test-").FullName;
        var (paths, user) = (new PluePaths(Path.Combine(root, ".plue")), Path.Combine(root, "user"));
        var protectedPaths = new ProtectedPaths(paths, user);
        var worktree = Directory.CreateDirectory(Path.Combine(paths.Worktrees, "shop", "one")).FullName;
        File.WriteAllText(Path.Combine(worktree, "a.txt"), "a");
        File.WriteAllText(paths.Vault, "{}");
        File.CreateSymbolicLink(Path.Combine(worktree, "link"), paths.Vault);
        File.CreateSymbolicLink(Path.Combine(paths.Home, "alias"), Path.Combine(worktree, "a.txt"));

        Assert.Null(protectedPaths.DenialReason(Path.Combine(worktree, "a.txt")));
        Assert.NotNull(protectedPaths.DenialReason(Path.Combine(worktree, "id_rsa")));
        Assert.NotNull(protectedPaths.DenialReason(Path.Combine(worktree, "link")));
        // A link out of the worktree is a link out of a workspace, and not Plue's.
        File.CreateSymbolicLink(Path.Combine(worktree, "out"), Directory.CreateTempSubdirectory("plue-test-").FullName);
        Assert.Null(protectedPaths.DenialReason(Path.Combine(worktree, "out")));
        File.CreateSymbolicLink(Path.Combine(paths.Home, "out"), Path.Combine(worktree, "out"));
        Assert.NotNull(protectedPaths.DenialReason(Path.Combine(paths.Home, "out")));
        Assert.NotNull(protectedPaths.DenialReason(Path.Combine(worktree, "..", "..", "..", "vault.json")));
        Assert.NotNull(protectedPaths.DenialReason(Path.Combine(paths.Home, "alias")));
        Assert.NotNull(protectedPaths.DenialReason(paths.WorktreeRecords));
        Assert.NotNull(protectedPaths.DenialReason(Path.Combine(paths.Worktrees, "shop")));
    }
}
