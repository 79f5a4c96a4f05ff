using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Providers;

namespace Plue.Server.Modules;

/// <summary>Applies the command sandbox to programs that providers start.</summary>
internal sealed class ProgramSandbox(Sandbox sandbox) : IProgramSandbox
{
    public async Task<SandboxedProgram> PrepareAsync(ChildProcessStart start, ProgramAccess access, CancellationToken cancellationToken)
    {
        var kind = await sandbox.KindAsync(cancellationToken);
        foreach (var folder in access.OwnFolders.Where(folder => kind != SandboxKind.None && !Path.Exists(folder)))
        {
            // Only a folder that exists can be made writable.
            Directory.CreateDirectory(folder);
        }

        var rules = RulesOf(access);
        var held = sandbox.Prepare(kind, start, rules);
        return new SandboxedProgram(
            held.Start,
            kind == SandboxKind.None
                ? "No sandbox is available on this machine. The program runs with your permissions."
                : Sandbox.Describe(kind, rules),
            kind != SandboxKind.None,
            held
        );
    }

    public IProgramWatch Watch(ProgramAccess access) => new Watching(sandbox.WatchFolders([.. access.Folders.Select(RealPath.Of)]));

    private static SandboxRules RulesOf(ProgramAccess access) =>
        new(RealPath.Of(access.Folders[0]))
        {
            Others = [.. access.Folders.Skip(1).Select(RealPath.Of)],
            AllowNetwork = true,
            IsReadOnly = !access.MayChangeFiles,
            Writable = access.OwnFolders,
            IsResident = true,
        };

    private sealed class Watching(SandboxedWatch watch) : IProgramWatch
    {
        public CancellationToken Appeared => watch.Appeared;

        public string? Finish() => watch.Finish();

        public void Dispose() => watch.Dispose();
    }
}
