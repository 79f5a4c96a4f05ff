namespace Plue.Server.Providers.Acp;

/// <summary>How a program is started. What differs needs another process.</summary>
/// <param name="Directory">Where it works: the first workspace folder, or an empty folder of Plue's without one.</param>
/// <param name="Others">Further workspace folders.</param>
internal sealed record AcpLaunch(string Directory, IReadOnlyList<string> Others, bool MayChangeFiles)
{
    public bool IsCompatibleWith(AcpLaunch wanted) =>
        (Directory, MayChangeFiles) == (wanted.Directory, wanted.MayChangeFiles) && Others.SequenceEqual(wanted.Others);
}
