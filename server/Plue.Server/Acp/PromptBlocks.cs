using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Plue.Server.Chat;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers.Acp;
using Plue.Server.Providers.Http;

namespace Plue.Server.Acp;

/// <summary>Converts the content blocks of a prompt to a message: text, files, embedded text and images.</summary>
internal sealed partial class PromptBlocks(Attachments attachments, WorkspaceFolders? folders)
{
    private readonly StringBuilder text = new();
    private readonly List<MessagePart.File> files = [];

    /// <exception cref="AcpErrorException">A block cannot be sent. Nothing was stored in the chat.</exception>
    public Draft Read(JsonElement parameters)
    {
        try
        {
            foreach (var block in parameters.Items("prompt"))
            {
                Take(block);
            }
        }
        catch (FailureException fault)
        {
            throw new AcpErrorException(AcpErrorException.InvalidParams, fault.Message);
        }

        return files.Count > Attachments.MaxFiles ? throw Invalid($"A message can have at most {Attachments.MaxFiles} files. Remove some.")
            : text.Length == 0 && files.Count == 0 ? throw Invalid("The prompt is empty.")
            : new Draft(text.ToString()) { Files = files };
    }

    private void Take(JsonElement block)
    {
        switch (block.Text("type"))
        {
            case "text":
                text.Append(block.Text("text"));
                break;
            case "image":
                TakeImage(Name(block.Text("uri")) ?? "image", block.Text("mimeType") ?? "", block.Text("data") ?? "");
                break;
            case "resource_link" when block.Text("uri") is { } uri:
                TakeLink(uri, block.Text("name"));
                break;
            case "resource" when block.Field("resource") is { } resource:
                TakeResource(resource);
                break;
            case { } other:
                throw Invalid($"Plue does not take content of the type {HiddenCharacters.VisibleLine(other)} in a prompt.");
            default:
                throw Invalid("A block of the prompt has no type.");
        }
    }

    /// <summary>Adds a linked file. It may be outside the workspace, because the user named it.</summary>
    private void TakeLink(string uri, string? name)
    {
        if (PathOf(uri) is not { } path)
        {
            text.Append(name is null ? uri : $"[{name}]({uri})");
            return;
        }

        text.Append('`').Append(ShownPath(path)).Append('`');
        // The model uses tools to list the folder.
        if (Directory.Exists(path))
        {
            return;
        }

        var wanted = new Attachment(path, Range: LinesOf(uri), AllowOutside: true);
        if (attachments.Inspect(wanted).Questions.Contains(AttachmentQuestion.TooLarge))
        {
            wanted = wanted with { Mode = AttachmentMode.Summary };
        }

        files.AddRange(attachments.Read([wanted]));
    }

    private void TakeResource(JsonElement resource)
    {
        var uri = resource.Text("uri") ?? "";
        var path = PathOf(uri);
        var name = path is null ? Name(uri) ?? "text" : ShownPath(path);
        if (resource.Text("text") is { } content)
        {
            files.Add(attachments.StoreText(name, path, content, LinesOf(uri)));
        }
        else if (
            resource.Text("blob") is { } blob
            && resource.Text("mimeType") is { } type
            && type.StartsWith("image/", StringComparison.Ordinal)
        )
        {
            TakeImage(name, type, blob);
        }
        else
        {
            throw Invalid($"{HiddenCharacters.VisibleLine(name)} is neither text nor an image, so it was not sent. Remove it.");
        }
    }

    private void TakeImage(string name, string mediaType, string data)
    {
        var image = attachments.StoreImage(name, mediaType, data);
        files.AddRange(attachments.Read([new Attachment(null, image.Blob, name)]));
    }

    private string ShownPath(string path)
    {
        var folder = folders?.FolderOf(path);
        return folder is null ? path : folders!.Shown(folder, Path.GetRelativePath(folder.Path, path).Replace('\\', '/'));
    }

    private static string? PathOf(string uri) =>
        Uri.TryCreate(uri, UriKind.Absolute, out var parsed) && parsed is { IsFile: true, LocalPath: var path } && !path.Contains('\0')
            ? Path.GetFullPath(path)
            : null;

    /// <summary>Parses the lines of <c>file:///folder/name#L10:20</c>; null for the whole file.</summary>
    private static LineRange? LinesOf(string uri) =>
        Lines().Match(uri) is { Success: true } match
        && int.TryParse(match.Groups["from"].Value, CultureInfo.InvariantCulture, out var from)
        && from > 0
            ? new LineRange(
                from,
                int.TryParse(match.Groups["to"].Value, CultureInfo.InvariantCulture, out var to) && to >= from ? to : from
            )
            : null;

    private static string? Name(string? uri) =>
        Uri.TryCreate(uri, UriKind.Absolute, out var parsed) && parsed.Segments is [.., var last] && last.Trim('/') is { Length: > 0 } name
            ? Uri.UnescapeDataString(name)
            : null;

    private static AcpErrorException Invalid(string message) => new(AcpErrorException.InvalidParams, message);

    [GeneratedRegex(@"#L(?<from>\d{1,7})(?:[:-]L?(?<to>\d{1,7}))?$", RegexOptions.CultureInvariant)]
    private static partial Regex Lines();
}
