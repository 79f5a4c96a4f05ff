using Plue.Server.Platform;

namespace Plue.Server.Providers;

/// <summary>Restricts a program that works autonomously.</summary>
internal interface IProgramSandbox
{
    /// <exception cref="IOException">The sandbox could not be set up.</exception>
    Task<SandboxedProgram> PrepareAsync(ChildProcessStart start, ProgramAccess access, CancellationToken cancellationToken);

    /// <summary>Watches the folders during a turn for new files that control what is run.</summary>
    IProgramWatch Watch(ProgramAccess access);
}

/// <param name="Folders">The workspace folders; the first is the working directory.</param>
/// <param name="MayChangeFiles">Whether it may write to the workspace folders.</param>
/// <param name="OwnFolders">The folders with the program's settings and sessions.</param>
internal sealed record ProgramAccess(IReadOnlyList<string> Folders, bool MayChangeFiles, IReadOnlyList<string> OwnFolders)
{
    public bool IsSame(ProgramAccess other) =>
        MayChangeFiles == other.MayChangeFiles && Folders.SequenceEqual(other.Folders) && OwnFolders.SequenceEqual(other.OwnFolders);
}

/// <param name="Description">One or two sentences for approvals.</param>
/// <param name="IsConfined">False if this machine has no sandbox.</param>
/// <param name="Resources">Disposed when the program has ended.</param>
internal sealed record SandboxedProgram(ChildProcessStart Start, string Description, bool IsConfined, IDisposable? Resources);

internal interface IProgramWatch : IDisposable
{
    /// <summary>Canceled if such a file appears; then the program must be ended.</summary>
    CancellationToken Appeared { get; }

    /// <summary>Checks a last time and stops watching.</summary>
    /// <returns>A description of the files that appeared; null if there are none.</returns>
    string? Finish();
}
