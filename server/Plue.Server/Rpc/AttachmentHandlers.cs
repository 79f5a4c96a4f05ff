using Plue.Protocol;
using Plue.Server.Chat;
using AttachedFile = Plue.Server.Chat.AttachedFile;
using Attachment = Plue.Server.Chat.Attachment;

namespace Plue.Server.Rpc;

/// <summary>attachment/*: files and images before they are sent, and their stored content.</summary>
internal sealed class AttachmentHandlers(RpcServer server, Attachments attachments)
{
    public void Register()
    {
        server.Map(
            Methods.AttachmentInspect,
            async (parameters, cancellationToken) =>
            {
                var file = Domain(new(parameters.Path, null, null, null, parameters.Range, parameters.Mode, null));
                var unsaved = await attachments.ReadUnsavedAsync([file.Path], cancellationToken);
                return await Task.Run(() => View(attachments.Inspect(file, unsaved)), cancellationToken);
            }
        );
        server.Map(
            Methods.AttachmentStore,
            (parameters, cancellationToken) =>
                Task.Run(() => View(attachments.StoreImage(parameters.Name, parameters.MediaType, parameters.Data)), cancellationToken)
        );
        server.Map(
            Methods.AttachmentRead,
            (parameters, cancellationToken) =>
                Task.Run(
                    () =>
                    {
                        var (mediaType, content) = attachments.ReadBlob(parameters.Blob);
                        return new AttachmentReadResult(mediaType, Convert.ToBase64String(content));
                    },
                    cancellationToken
                )
        );
    }

    public static Attachment Domain(Protocol.Attachment attachment) =>
        new(
            attachment.Path,
            attachment.Blob,
            attachment.Name,
            attachment.Range is { } range ? new(range.Start, range.End) : null,
            (Chat.AttachmentMode?)attachment.Mode,
            attachment.AllowOutside ?? false
        );

    public static AttachmentView View(AttachedFile file) =>
        new()
        {
            Path = file.Path,
            Name = file.Name,
            Kind = (Protocol.AttachmentKind)file.Kind,
            Language = file.Language,
            MediaType = file.MediaType,
            Blob = file.Blob,
            Range = file.Range is { } range ? new(range.Start, range.End) : null,
            Mode = (Protocol.AttachmentMode?)file.Mode,
            Size = file.Size,
            Lines = file.Lines,
            Tokens = file.Tokens,
            Questions = [.. file.Questions.Select(question => (Protocol.AttachmentQuestion)question)],
            Problem = file.Problem,
            Note = file.Note,
        };
}
