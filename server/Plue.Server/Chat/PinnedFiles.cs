using Plue.Server.Messages;

namespace Plue.Server.Chat;

/// <summary>The files that are sent with every question of a chat. Read once per turn, so that earlier content stays byte-identical across rounds.</summary>
/// <param name="paths">As entered by the user.</param>
internal sealed class PinnedFiles(Attachments attachments, IReadOnlyList<string> paths)
{
    private (IReadOnlyList<MessagePart> Parts, IReadOnlyList<string> Missing)? read;

    private UnsavedTexts? unsaved;

    public IReadOnlyList<string> Paths => paths;

    /// <summary>Reads unsaved changes from the editor, once.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken) =>
        unsaved ??= await attachments.ReadUnsavedAsync(paths, cancellationToken);

    /// <returns>The parts for the model, and one sentence for each missing file.</returns>
    public (IReadOnlyList<MessagePart> Parts, IReadOnlyList<string> Missing) Read()
    {
        if (read is { } known)
        {
            return known;
        }

        List<MessagePart> parts = [];
        List<string> missing = [];
        foreach (var path in paths)
        {
            var (view, part) = attachments.ReadPinned(path, unsaved);
            if (part is not null)
            {
                parts.Add(part);
                continue;
            }

            var why = Attachments.SendErrorOf(view) ?? "It cannot be read now.";
            parts.Add(new MessagePart.Text($"(The pinned file {view.Path} is not included: {why})"));
            missing.Add($"A pinned file was not sent: {why}");
        }

        read = (parts, missing);
        return read.Value;
    }
}
