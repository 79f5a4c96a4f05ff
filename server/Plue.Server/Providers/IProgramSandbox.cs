using Plue.Server.Platform;

namespace Plue.Server.Providers;

/// <summary>Restricts what a program that works by itself can do.</summary>
public interface IProgramSandbox
{
    /// <exception cref="IOException">The sandbox could not be set up.</exception>
    Task<SandboxedProgram> PrepareAsync(ChildProcessStart start, ProgramAccess access, CancellationToken cancellationToken);

    /// <summary>Watches the folders during a turn for files that control what runs.</summary>
    IProgramWatch Watch(ProgramAccess access);
}

/// <param name="Folders">The workspace folders, the first of them where it runs.</param>
/// <param name="MayChangeFiles">Whether it may write to the workspace folders.</param>
/// <param name="OwnFolders">Where the program keeps its own settings and sessions.</param>
public sealed record ProgramAccess(IReadOnlyList<string> Folders, bool MayChangeFiles, IReadOnlyList<string> OwnFolders)
{
    public bool IsSame(ProgramAccess other) =>
        MayChangeFiles == other.MayChangeFiles && Folders.SequenceEqual(other.Folders) && OwnFolders.SequenceEqual(other.OwnFolders);
}

/// <param name="Description">In one or two sentences, for approvals.</param>
/// <param name="IsConfined">False if this machine has no sandbox.</param>
/// <param name="Resources">To dispose when the program ended.</param>
public sealed record SandboxedProgram(ChildProcessStart Start, string Description, bool IsConfined, IDisposable? Resources);

public interface IProgramWatch : IDisposable
{
    /// <summary>Canceled when such a file appeared: the program is to be ended.</summary>
    CancellationToken Appeared { get; }

    /// <summary>Looks a last time.</summary>
    /// <returns>What appeared, in sentences; null for nothing.</returns>
    string? Finish();
}
