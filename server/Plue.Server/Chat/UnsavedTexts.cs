namespace Plue.Server.Chat;

/// <summary>The texts of files with unsaved changes, as they were in the editor at one moment.</summary>
/// <param name="texts">By real path.</param>
public sealed class UnsavedTexts(IReadOnlyDictionary<string, string> texts)
{
    public const string Note = "Sent with unsaved changes in the editor.";
    public static readonly UnsavedTexts None = new(new Dictionary<string, string>());

    /// <returns>Null if the file is as on the disk.</returns>
    public string? Of(string realPath) => texts.GetValueOrDefault(realPath);
}
