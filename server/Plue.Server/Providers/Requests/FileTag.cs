using System.Globalization;
using System.Text;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Providers.Requests;

/// <summary>A file as it is sent to every model: its text between two tags with its name. The same file gives the same bytes.</summary>
internal static class FileTag
{
    public static string Of(MessagePart.File file)
    {
        var tag = new StringBuilder("file");
        // A file that holds the closing tag itself does not end there.
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

    /// <summary>A name can hold anything, and stays one name in one line.</summary>
    private static string Quoted(string path) =>
        HiddenCharacters
            .VisibleLine(path)
            .Replace("\"", "&quot;", StringComparison.Ordinal)
            .Replace("<", "&lt;", StringComparison.Ordinal)
            .Replace(">", "&gt;", StringComparison.Ordinal);
}
