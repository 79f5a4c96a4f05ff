using System.Globalization;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;
using Plue.Server.Tools;

namespace Plue.Server.Agents;

/// <param name="Uri">The task or chat whose agent posted it.</param>
internal sealed record BoardNote(DateTimeOffset Time, string Uri, string Author, string Text);

/// <summary>
/// The board of a task tree: short notes that all its agents can read. Each agent keeps its notes in its own journal, so that no two write the same file. A note wakes no one and is no message.
/// </summary>
internal sealed class TaskBoard(AgentServices services, TaskReader reader)
{
    public const int MaxNoteLength = 500;

    /// <summary>The maximum number of notes by one agent. A new note removes its oldest.</summary>
    public const int MaxNotesOfAgent = 20;

    /// <summary>The maximum number of notes returned to an agent, newest first chosen.</summary>
    public const int MaxNotesRead = 100;

    private const string Time = "time";
    private const string Text = "text";

    /// <returns>A sentence for the model.</returns>
    /// <exception cref="ToolFailureException">The note could not be stored.</exception>
    public async Task<string> PostAsync(string uri, string text, CancellationToken cancellationToken)
    {
        try
        {
            var conversation = await services.Conversations.GetAsync(uri, cancellationToken);
            var notes = NotesOf(conversation.Stored, uri)
                .Append(new BoardNote(services.Time.GetUtcNow(), uri, "", text))
                .TakeLast(MaxNotesOfAgent)
                .Select(note =>
                    Json5Object.Of(
                        (Time, new Json5String(note.Time.ToString("O", CultureInfo.InvariantCulture))),
                        (Text, new Json5String(note.Text))
                    )
                );
            await conversation.SetTaskValuesAsync(
                AgentTasks.Values((TaskFields.Notes, Json5Conversion.Of(Json5Array.Of(notes)))),
                cancellationToken
            );
            return "The note is on the board.";
        }
        catch (FailureException fault)
        {
            throw new ToolFailureException($"The note was not posted. {fault.Message}", fault);
        }
    }

    /// <summary>Gets the newest notes as text for the model, oldest first.</summary>
    public string Read(string uri)
    {
        var notes = NotesAround(uri);
        if (notes.Count == 0)
        {
            return "The board is empty.";
        }

        var lines = notes
            .TakeLast(MaxNotesRead)
            .Select(note =>
                $"{note.Time.ToString("u", CultureInfo.InvariantCulture)} {(note.Uri == uri ? "you" : $"\"{HiddenCharacters.VisibleLine(note.Author)}\"")}: {HiddenCharacters.VisibleLine(note.Text)}"
            );
        var omitted = notes.Count > MaxNotesRead ? $"{notes.Count - MaxNotesRead} older notes are omitted.\n" : "";
        return omitted + string.Join('\n', lines);
    }

    /// <summary>Gets the notes of all agents of the tree that contains this task or chat, oldest first.</summary>
    public IReadOnlyList<BoardNote> NotesAround(string uri)
    {
        var tree = reader.Tree;
        var root = tree.Above(uri).LastOrDefault() ?? uri;
        return
        [
            .. tree.Under(root)
                .Prepend(root)
                .SelectMany(one => reader.Find(one) is { } chat ? NotesOf(chat, one) : [])
                .OrderBy(note => note.Time),
        ];
    }

    private static IEnumerable<BoardNote> NotesOf(StoredChat chat, string uri) =>
        TaskFields.Find(chat, TaskFields.Notes) is { } value && Json5Conversion.ToJson5(value) is Json5Array notes
            ? notes
                .Items.OfType<Json5Object>()
                .Select(note =>
                    DateTimeOffset.TryParse(note.GetString(Time), CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var time)
                        ? new BoardNote(time, uri, chat.Title, note.GetString(Text) ?? "")
                        : null
                )
                .OfType<BoardNote>()
            : [];
}
