using Plue.Server.Chat;
using Plue.Server.Platform;
using Plue.Server.Worktrees;

namespace Plue.Server.Reviews;

/// <summary>The services for reviews of changes.</summary>
internal sealed class ReviewServices
{
    /// <param name="environment">The environment of Plue.</param>
    public ReviewServices(PlatformServices platform, ChatServices chat, Func<string, string?> environment)
    {
        Records = new ReviewRecords(platform.Paths);
        Reviewer = new Reviewer(
            chat,
            new ChangeSource(new Git(environment), new SignedInPrograms(environment), platform.ProtectedPaths),
            Records
        );
        Fixes = new ReviewFixes(chat, Records);
    }

    public ReviewRecords Records { get; }
    public Reviewer Reviewer { get; }
    public ReviewFixes Fixes { get; }
}
