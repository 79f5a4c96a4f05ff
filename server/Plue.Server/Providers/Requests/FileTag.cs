using System.Globalization;
using System.Text;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Providers.Requests;

/// <summary>The text form of a file for all models: its content in a tag with its name. The same file results in the same bytes.</summary>
internal static class FileTag
{
    public static string Of(MessagePart.File file)
    {
        var tag = new StringBuilder("file");
        // Choose a tag whose closing form does not occur in the content.
        while (file.Content?.Contains($"</{tag}>", StringComparison.OrdinalIgnoreCase) == true)
        {
            tag.Append('_');
        }
        var about = new StringBuilder().Append("path=\"").Append(Quoted(file.Path)).Append('"');
        if (file.Range is { } range)
        {
            about.Append(CultureInfo.InvariantCulture, $" lines=\"{range.Start}-{range.End}\"");
        }
        if (file.IsSummary)
        {
            about.Append(" summary=\"true\"");
        }
        if (file.IsUnsaved)
        {
            about.Append(" note=\"unsaved changes in the editor\"");
        }
        if (file.Content is { } content)
        {
            return $"<{tag} {about}>\n{content}\n</{tag}>";
        }

        if (file.Size is { } size)
        {
            about.Append(CultureInfo.InvariantCulture, $" size=\"{size}\"");
        }
        return $"<{tag} {about}>({(file.IsImage ? "an image" : "not text")}, not included)</{tag}>";
    }

    /// <summary>Escapes a file name, which can contain any characters, to one line.</summary>
    private static string Quoted(string path) =>
        HiddenCharacters
            .VisibleLine(path)
            .Replace("\"", "&quot;", StringComparison.Ordinal)
            .Replace("<", "&lt;", StringComparison.Ordinal)
            .Replace(">", "&gt;", StringComparison.Ordinal);
}
