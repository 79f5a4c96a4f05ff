using System.Text;
using Plue.Server.Chat;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Providers.Requests;
using Plue.Server.Providers.Tour;
using Plue.Server.Store;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Chat;

public sealed class RequestFilesTests : IDisposable
{
    private readonly string root = RealPath.Of(Directory.CreateTempSubdirectory("plue-files-").FullName);
    private readonly Blobs blobs;
    private readonly Attachments attachments;
    private readonly RequestFiles files;
    private readonly ScriptedProvider provider = new("finish: EndTurn");

    public RequestFilesTests()
    {
        var paths = new PluePaths(Path.Combine(root, "home"));
        var workspace = new Workspace();
        workspace.Open(Directory.CreateDirectory(Path.Combine(root, "work")).FullName, trusted: true);
        blobs = new Blobs(paths);
        attachments = new Attachments(
            blobs,
            workspace,
            new ProtectedPaths(paths, root),
            new SecretMask(paths, new Plue.Server.Vault.Redactor())
        );
        files = new RequestFiles(attachments);
    }

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Pinned_files_precede_the_last_message_with_current_content_and_the_history_stays_the_same()
    {
        Write("a.txt", "first");
        var one = Fill(["a.txt"], User("One"));
        Write("a.txt", "second");
        var two = Fill(["a.txt"], User("One"), Answer("Yes"), User("Two"));
        Assert.Equal(
            ["first", "second"],
            new[] { one, two }.Select(filled => filled.Request.Messages[^1].Parts.OfType<MessagePart.File>().Single().Content)
        );
        Assert.IsType<MessagePart.File>(two.Request.Messages[^1].Parts[0]);
        Assert.Equal(["One", "Yes"], two.Request.Messages.Take(2).Select(RequestMessages.Text));
        Assert.Empty(two.Omitted);
    }

    [Fact]
    public void A_pinned_file_that_is_gone_is_one_line_to_the_model_and_a_sentence_to_the_user()
    {
        var filled = Fill(["gone.txt"], User("One"));
        Assert.Equal(
            "(The pinned file gone.txt is not included: gone.txt does not exist.)",
            ((MessagePart.Text)filled.Request.Messages[0].Parts[0]).Content
        );
        Assert.Equal(["A pinned file was not sent: gone.txt does not exist."], filled.Omitted);
    }

    [Fact]
    public void A_pinned_file_stays_with_the_question_while_tools_run()
    {
        Write("a.txt", "now");
        var filled = Fill(
            ["a.txt"],
            User("One"),
            Said(MessageRole.Assistant, new MessagePart.ToolUse("t", "read", "{}")),
            Said(MessageRole.User, new MessagePart.ToolResult("t", "x", null))
        );
        Assert.Equal([2, 1, 1], filled.Request.Messages.Select(message => message.Parts.Count));
    }

    [Fact]
    public void Images_and_long_texts_come_back_from_where_they_are_kept()
    {
        var image = blobs.Put(AttachmentsTests.Png);
        var text = blobs.Put("a long text"u8);
        var filled = Fill(
            [],
            Said(
                MessageRole.User,
                new MessagePart.File("a.png", null, image) { MediaType = "image/png" },
                new MessagePart.File("a.txt", null, text),
                new MessagePart.File("a.bin", null) { Size = 4 }
            )
        );
        var parts = filled.Request.Messages[0].Parts.Cast<MessagePart.File>().ToList();
        Assert.Equal(AttachmentsTests.Png, parts[0].Data!.Value.ToArray());
        Assert.Equal("a long text", parts[1].Content);
        Assert.Equal("<file path=\"a.bin\" size=\"4\">(not text, not included)</file>", RequestMessages.Text(parts[2]));
    }

    [Fact]
    public void A_model_without_image_support_gets_a_note_and_the_response_lists_the_omission()
    {
        var image = new MessagePart.File("a.png", null, blobs.Put(AttachmentsTests.Png)) { MediaType = "image/png", Size = 11 };
        var request = new ProviderRequest
        {
            CodexId = "c",
            Model = "blind",
            Messages = [Said(MessageRole.User, image, image, new MessagePart.Text("What?"))],
        };
        var (filled, omitted) = files.Fill(request, files.Pinned([]), provider, new ModelInfo { Id = "blind", SupportsVision = false });
        Assert.Equal(["2 images were not sent: blind does not support images."], omitted);
        Assert.StartsWith(
            "<file path=\"a.png\" size=\"11\">(an image, not included)</file>",
            RequestMessages.Text(filled.Messages[0]),
            StringComparison.Ordinal
        );
        Assert.Empty(files.Fill(request, files.Pinned([]), provider, new ModelInfo { Id = "blind" }).Omitted);
        var tour = new TourProvider(
            new ProviderSettings
            {
                Id = "tour",
                Name = "The tour",
                Kind = ProviderKinds.Tour,
            },
            TimeProvider.System
        );
        Assert.Equal(
            ["2 images were not sent: The tour does not support images."],
            files.Fill(request, files.Pinned([]), tour, null).Omitted
        );
    }

    [Fact]
    public void A_file_missing_on_disk_never_fails_the_turn()
    {
        var gone = new string('0', 64);
        var filled = Fill(
            [],
            Said(
                MessageRole.User,
                new MessagePart.File("a.png", null, gone) { MediaType = "image/png" },
                new MessagePart.File("a.txt", null, gone),
                new MessagePart.Text("Hi")
            )
        );
        Assert.Equal(2, filled.Omitted.Count);
        Assert.All(filled.Omitted, sentence => Assert.EndsWith("Attach the file again.", sentence, StringComparison.Ordinal));
        Assert.Contains("not available any more", RequestMessages.Text(filled.Request.Messages[0]), StringComparison.Ordinal);
    }

    [Fact]
    public void The_newest_images_go_first_when_they_are_too_many()
    {
        byte[] large = [.. AttachmentsTests.Png, .. new byte[12 << 20]];
        var old = new MessagePart.File("old.png", null, blobs.Put(large)) { MediaType = "image/png" };
        large[^1] = 1;
        var young = new MessagePart.File("new.png", null, blobs.Put(large)) { MediaType = "image/png" };
        var filled = Fill([], Said(MessageRole.User, old), Answer("Yes"), Said(MessageRole.User, young));
        Assert.Equal(
            [false, true],
            filled.Request.Messages.SelectMany(message => message.Parts).OfType<MessagePart.File>().Select(file => file.Data is not null)
        );
        Assert.StartsWith("old.png was not sent", Assert.Single(filled.Omitted), StringComparison.Ordinal);
    }

    private (ProviderRequest Request, IReadOnlyList<string> Omitted) Fill(IReadOnlyList<string> pinned, params Message[] messages) =>
        files.Fill(
            new ProviderRequest
            {
                CodexId = "c",
                Model = "m",
                Messages = messages,
            },
            files.Pinned(pinned),
            provider,
            null
        );

    private static Message User(string text) => Said(MessageRole.User, new MessagePart.Text(text));

    private static Message Answer(string text) => Said(MessageRole.Assistant, new MessagePart.Text(text));

    private static Message Said(MessageRole role, params MessagePart[] parts) =>
        new()
        {
            Id = Ids.New("msg"),
            CodexId = "c",
            Role = role,
            Parts = parts,
            CreatedAt = DateTimeOffset.UnixEpoch,
        };

    private void Write(string name, string text)
    {
        using var stream = new FileStream(Path.Combine(root, "work", name), FileMode.Create);
        stream.Write(Encoding.UTF8.GetBytes(text));
    }
}
