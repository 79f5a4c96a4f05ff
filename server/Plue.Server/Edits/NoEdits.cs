namespace Plue.Server.Edits;

/// <summary>Keeps nothing.</summary>
internal sealed class NoEdits : IEditLog, IEditScope
{
    public ValueTask<IEditScope> BeginAsync(EditAuthor author, string workspace, IReadOnlyList<string>? paths, CancellationToken cancellationToken) => new(this);

    public ValueTask<IReadOnlyList<Messages.FileChange>> EndAsync(CancellationToken cancellationToken) => new([]);
}
