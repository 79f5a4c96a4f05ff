using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Transfer.Programs;

/// <summary>Finds data of other programs on this machine. Searches only known folders and changes nothing.</summary>
internal sealed class ProgramData(ProgramFolders folders, ChatImport chats, Func<WorkspaceFolders?> workspace)
{
    private readonly SettingPlaces places = new(folders, workspace);
    private readonly KeyFiles keys = new(folders, workspace);

    public static string SourceOf(string program, ImportKind kind, string id) => $"{program}/{kind}/{id}";

    /// <param name="addresses">The address of each source that was imported before.</param>
    public IEnumerable<(ImportKind Kind, IReadOnlyList<ImportCandidate> Items, bool IsTruncated)> Find(
        ImportProgram program,
        IReadOnlyDictionary<string, string> addresses,
        CancellationToken cancellationToken
    )
    {
        if (program.Chats is { } format)
        {
            var found = chats.Find(format, null, cancellationToken);
            yield return (
                ImportKind.Chats,
                [
                    .. found.Sessions.Select(session => new ImportCandidate(
                        ImportKind.Chats,
                        session.Path,
                        session.Title,
                        session.Path,
                        session.Size,
                        session.UpdatedAt
                    )
                    {
                        Address = session.ChatId is { } id ? $"codex://chats/{id}" : null,
                    }),
                ],
                found.IsTruncated
            );
        }

        string? AddressOf(ImportKind kind, string id) => addresses.GetValueOrDefault(SourceOf(program.Id, kind, id));
        foreach (var kind in (ImportKind[])[ImportKind.Agents, ImportKind.Prompts, ImportKind.Instructions])
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return (
                kind,
                [
                    .. Settings(program, kind)
                        .Select(file => new ImportCandidate(
                            kind,
                            file.Path,
                            file.Name,
                            file.Path,
                            file.File.Length,
                            new DateTimeOffset(file.File.LastWriteTimeUtc, TimeSpan.Zero)
                        )
                        {
                            Address = AddressOf(kind, file.Path),
                        }),
                ],
                false
            );
        }

        yield return (
            ImportKind.Keys,
            [
                .. keys.Of(program.Id)
                    .Select(key => new ImportCandidate(
                        ImportKind.Keys,
                        key.Id,
                        key.Name,
                        key.Path,
                        0,
                        new DateTimeOffset(File.GetLastWriteTimeUtc(key.Path), TimeSpan.Zero)
                    )
                    {
                        Detail = key.Origin,
                        Address = AddressOf(ImportKind.Keys, key.Id),
                    }),
            ],
            false
        );
    }

    /// <exception cref="FailureException">NotFound.</exception>
    public SettingFile Setting(ImportProgram program, ImportKind kind, string id) =>
        Settings(program, kind).FirstOrDefault(file => file.Path == id) ?? throw NoLongerExists();

    /// <exception cref="FailureException">NotFound.</exception>
    public FoundKey Key(ImportProgram program, string id) =>
        keys.Of(program.Id).FirstOrDefault(key => key.Id == id) ?? throw NoLongerExists();

    private IEnumerable<SettingFile> Settings(ImportProgram program, ImportKind kind) =>
        places.Of(program.Id).Where(place => place.Kind == kind).SelectMany(SettingFile.In).DistinctBy(file => file.Path);

    private static FailureException NoLongerExists() => new(FailureKind.NotFound, "It is no longer there. Search again.");
}
