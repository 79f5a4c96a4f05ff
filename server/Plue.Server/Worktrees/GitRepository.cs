using Plue.Server.Messages;

namespace Plue.Server.Worktrees;

/// <summary>A checkout from which a worktree can be made.</summary>
/// <param name="Root">The absolute path of the checkout.</param>
/// <param name="Prefix">The workspace folder in it; empty for its root.</param>
/// <param name="Head">The current commit.</param>
internal sealed record GitRepository(string Root, string Prefix, string Head)
{
    private const string Instead = "Start the task without isolation.";

    /// <exception cref="FailureException">BadRequest: why no worktree can be made of this folder, with what to do instead.</exception>
    public static async Task<GitRepository> FindAsync(Git git, string folder, CancellationToken cancellationToken)
    {
        var isBare = await git.ReadAsync(folder, cancellationToken, "rev-parse", "--is-bare-repository");
        if (!isBare.IsDone)
        {
            throw Refused(
                isBare.Error.Contains("not a git repository", StringComparison.OrdinalIgnoreCase)
                    ? $"{folder} is not in a git repository, so a task cannot have its own worktree. Run git init and commit your files, or start the task without isolation."
                    : $"git could not read the repository of {folder} ({isBare.Reason}). Fix that first, or start the task without isolation."
            );
        }
        if (isBare.Line == "true")
        {
            throw Refused(
                $"{folder} is a bare git repository without files, so there is nothing to merge a worktree into. Open a checkout of it."
            );
        }

        var places = await git.ReadAsync(
            folder,
            cancellationToken,
            "rev-parse",
            "--path-format=absolute",
            "--show-toplevel",
            "--show-prefix"
        );
        if (!places.IsDone || places.Output.Split('\n') is not [{ Length: > 0 } root, var prefix, ..])
        {
            throw Refused($"{folder} is not in a checkout of a git repository ({places.Reason}). {Instead}");
        }

        var head = await git.ReadAsync(folder, cancellationToken, "rev-parse", "--verify", "--quiet", "HEAD^{commit}");
        if (!head.IsDone || head.Line.Length == 0)
        {
            throw Refused(
                $"The git repository {root} has no commits yet, so a worktree would be empty. Commit your files, or start the task without isolation."
            );
        }

        var modules = await git.ReadAsync(root, cancellationToken, "ls-tree", "--name-only", "-z", "HEAD", "--", ".gitmodules");
        if (!modules.IsDone)
        {
            throw Refused($"git could not list the files of {root} ({modules.Reason}). {Instead}");
        }

        return modules.Parts.Count == 0
            ? new GitRepository(root, prefix.TrimEnd('\r', '/'), head.Line)
            : throw Refused($"The git repository {root} has submodules, which git does not check out in worktrees. {Instead}");
    }

    private static FailureException Refused(string sentence) => new(FailureKind.BadRequest, sentence);
}
