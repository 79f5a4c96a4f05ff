using Plue.Server.Platform;

namespace Plue.Server.Permissions;

internal sealed class PermissionServices
{
    /// <param name="ordinaryFiles">See <see cref="PermissionPolicy"/>.</param>
    public PermissionServices(PlatformServices platform, Func<IReadOnlyList<string>> ordinaryFiles)
    {
        Rules = new StoredRules(platform.Paths, platform.Time);
        Approvals = new Approvals(platform.Time, Rules);
        Inbox = new SharedApprovals(Approvals, platform.Paths, platform.CreateLogger("Approvals"));
        Policy = new PermissionPolicy(platform.Paths, Rules, PluePaths.UserFolder, ordinaryFiles: ordinaryFiles);
        Sandbox = Sandbox.ForThisMachine(platform.ProtectedPaths);
    }

    public StoredRules Rules { get; }
    public Approvals Approvals { get; }

    /// <summary>Gets the approvals of all windows and the command line.</summary>
    public SharedApprovals Inbox { get; }
    public PermissionPolicy Policy { get; }
    public Sandbox Sandbox { get; }
}
