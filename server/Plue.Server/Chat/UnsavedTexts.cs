namespace Plue.Server.Chat;

/// <summary>A snapshot of the editor's text of files with unsaved changes.</summary>
/// <param name="texts">By real path.</param>
internal sealed class UnsavedTexts(IReadOnlyDictionary<string, string> texts)
{
    public const string Note = "Sent with unsaved changes in the editor.";
    public static readonly UnsavedTexts None = new(new Dictionary<string, string>());

    /// <returns>Null if the file has no unsaved changes.</returns>
    public string? Of(string realPath) => texts.GetValueOrDefault(realPath);
}
