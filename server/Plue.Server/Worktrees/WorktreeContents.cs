using System.Globalization;
using Plue.Server.Platform;

namespace Plue.Server.Worktrees;

/// <summary>What a worktree holds that is not elsewhere.</summary>
/// <param name="Exists">True if its folder exists.</param>
/// <param name="Changed">The number of changed, staged or deleted files.</param>
/// <param name="Untracked">The number of files that git does not track, without ignored ones.</param>
/// <param name="Commits">The number of commits that are on no other branch than those of tasks and on no remote.</param>
/// <param name="Unclear">Why it is not known what the worktree holds, as a sentence; null if it is known.</param>
/// <param name="Users">The programs and tasks that use the folder, for sentences.</param>
internal sealed record WorktreeContents(bool Exists, int Changed, int Untracked, int Commits, string? Unclear, IReadOnlyList<string> Users)
{
    /// <summary>True only if git answered every question and nothing would be lost.</summary>
    public bool IsEmpty => Unclear is null && Changed + Untracked + Commits == 0;

    /// <summary>Describes the contents without a period: <c>2 changed files and 1 commit that is not merged or pushed</c>.</summary>
    public string Description
    {
        get
        {
            List<string> parts = [];
            if (Changed > 0)
            {
                parts.Add(Plural.Of(Changed, "changed file"));
            }
            if (Untracked > 0)
            {
                parts.Add(Plural.Of(Untracked, "untracked file"));
            }
            if (Commits > 0)
            {
                parts.Add(
                    Commits == 1
                        ? "1 commit that is not merged or pushed"
                        : string.Create(CultureInfo.InvariantCulture, $"{Commits} commits that are not merged or pushed")
                );
            }
            if (Unclear is not null)
            {
                parts.Add("contents that are not known");
            }

            return parts.Count switch
            {
                0 => "nothing that is not merged",
                1 => parts[0],
                _ => $"{string.Join(", ", parts[..^1])} and {parts[^1]}",
            };
        }
    }
}
