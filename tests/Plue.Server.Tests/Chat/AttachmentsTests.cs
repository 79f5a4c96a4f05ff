using System.Diagnostics;
using System.Text;
using Plue.Server.Chat;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;
using Plue.Server.Vault;

namespace Plue.Server.Tests.Chat;

/// <summary>Attachments before they are sent, in real folders.</summary>
public sealed class AttachmentsTests : IDisposable
{
    private readonly string root = RealPath.Of(Directory.CreateTempSubdirectory("plue-attach-").FullName);
    private readonly string folder;
    private readonly string userHome;
    private readonly PluePaths paths;
    private readonly Workspace workspace = new();
    private readonly Redactor redactor = new();
    private readonly Attachments attachments;

    public AttachmentsTests()
    {
        folder = Directory.CreateDirectory(Path.Combine(root, "work")).FullName;
        userHome = Directory.CreateDirectory(Path.Combine(root, "home")).FullName;
        paths = new PluePaths(Path.Combine(userHome, ".plue"));
        workspace.Open(folder, trusted: true);
        attachments = new Attachments(new Blobs(paths), workspace, new ProtectedPaths(paths, userHome), new SecretMask(paths, redactor));
    }

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void A_file_of_the_workspace_is_named_as_in_it_with_its_language_lines_and_tokens()
    {
        Write("src/app.ts", "let a = 1;\nlet b = 2;\n");
        var file = attachments.Inspect(new Attachment(Path.Combine(folder, "src", "app.ts")));
        Assert.Equal(("src/app.ts", "app.ts", "typescript", 2, 22L), (file.Path, file.Name, file.Language, file.Lines, file.Size));
        Assert.Equal(TokenEstimate.Of("let a = 1;\nlet b = 2;\n"), file.Tokens);
        Assert.Empty(file.Questions);
        Assert.Null(file.Problem);
        Assert.Equal(file.Path, attachments.Inspect(new Attachment("src/app.ts")).Path);
    }

    [Fact]
    public void Only_the_selected_lines_are_sent_and_a_range_past_the_end_is_reported()
    {
        Write("a.txt", "1\n2\n3\n");
        Assert.Equal("2\n3\n", Read(new Attachment("a.txt", Range: new LineRange(2, 9))).Content);
        Assert.Contains(
            "ends at line 3",
            attachments.Inspect(new Attachment("a.txt", Range: new LineRange(2, 9))).Note,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "has only 3 lines",
            attachments.Inspect(new Attachment("a.txt", Range: new LineRange(4, 9))).Problem,
            StringComparison.Ordinal
        );
        Assert.NotNull(attachments.Inspect(new Attachment("a.txt", Range: new LineRange(3, 2))).Problem);
    }

    [Fact]
    public void A_file_outside_asks_and_goes_only_when_that_is_allowed()
    {
        var outside = Write("../other/secret.txt", "s");
        Assert.Equal([AttachmentQuestion.OutsideWorkspace], attachments.Inspect(new Attachment(outside)).Questions);
        Assert.Contains("is outside", Refusal(new Attachment("../other/secret.txt")), StringComparison.Ordinal);
        Assert.Equal("s", Read(new Attachment(outside, AllowOutside: true)).Content);
    }

    [Fact]
    public void A_link_out_of_the_workspace_counts_as_outside_and_one_within_it_does_not()
    {
        var outside = Write("../other/secret.txt", "s");
        Write("real/a.txt", "a");
        File.CreateSymbolicLink(Path.Combine(folder, "link.txt"), outside);
        Directory.CreateSymbolicLink(Path.Combine(folder, "linked"), Path.Combine(root, "other"));
        Directory.CreateSymbolicLink(Path.Combine(folder, "within"), Path.Combine(folder, "real"));
        Assert.Equal([AttachmentQuestion.OutsideWorkspace], attachments.Inspect(new Attachment("link.txt")).Questions);
        Assert.Equal([AttachmentQuestion.OutsideWorkspace], attachments.Inspect(new Attachment("linked/secret.txt")).Questions);
        Assert.Equal("within/a.txt", Read(new Attachment("within/a.txt")).Path);
    }

    [Fact]
    public void Protected_files_are_rejected_regardless_of_rules_and_spelling()
    {
        Directory.CreateDirectory(paths.Home);
        var vault = Write(paths.Vault, "{}");
        var ssh = Write(Path.Combine(userHome, ".ssh", "config"), "Host x");
        Write("key.txt", "\n-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n");
        Write("id_ed25519", "anything");
        Write("fixture.cs", "var key = \"-----BEGIN RSA PRIVATE KEY-----\";");
        File.CreateSymbolicLink(Path.Combine(folder, "harmless.json"), vault);
        foreach (var path in new[] { vault, ssh, "harmless.json", "key.txt", "id_ed25519", "../home/.plue/vault.json" })
        {
            var file = attachments.Inspect(new Attachment(path, AllowOutside: true));
            Assert.EndsWith("never sent.", file.Problem, StringComparison.Ordinal);
            Assert.Throws<FailureException>(() => attachments.Read([new Attachment(path, AllowOutside: true)]));
        }

        Assert.Null(attachments.Inspect(new Attachment("fixture.cs")).Problem);
    }

    [Fact]
    public void Nothing_of_an_untrusted_folder_is_read()
    {
        Write("a.txt", "a");
        workspace.SetTrusted(false);
        foreach (var path in new[] { "a.txt", Path.Combine(folder, "a.txt") })
        {
            Assert.Equal(
                "The folder is not trusted, so its files cannot be read.",
                attachments.Inspect(new Attachment(path, AllowOutside: true)).Problem
            );
        }
    }

    [Fact]
    public async Task Folders_pipes_devices_and_what_is_not_there_are_sentences_and_never_wait()
    {
        Write("file/a.txt", "a");
        if (!OperatingSystem.IsWindows())
        {
            using var made = Process.Start("mkfifo", Path.Combine(folder, "pipe"));
            await made.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        string[] none = OperatingSystem.IsWindows()
            ? ["file", "gone.txt"]
            : ["file", "gone.txt", "file/a.txt/b", "pipe", "/dev/zero", "/proc/self/environ", "bad\0name"];
        foreach (var path in none)
        {
            var file = await Task.Run(() => attachments.Inspect(new Attachment(path, AllowOutside: true)))
                .WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
            Assert.EndsWith(".", file.Problem, StringComparison.Ordinal);
        }

        Assert.Equal("gone.txt does not exist.", attachments.Inspect(new Attachment("gone.txt")).Problem);
    }

    [Fact]
    public void A_large_file_asks_and_goes_whole_in_part_or_as_its_summary()
    {
        var text = string.Concat(Enumerable.Range(1, 40_000).Select(at => $"line {at}\n"));
        Write("large.txt", text);
        Assert.Equal([AttachmentQuestion.TooLarge], attachments.Inspect(new Attachment("large.txt")).Questions);
        Assert.Contains("lines or a summary", Refusal(new Attachment("large.txt")), StringComparison.Ordinal);
        Assert.Equal("line 3\n", Read(new Attachment("large.txt", Range: new LineRange(3, 3))).Content);
        var summary = Read(new Attachment("large.txt", Mode: AttachmentMode.Summary));
        Assert.True(summary.IsSummary);
        Assert.Contains("40000: line 40000", summary.Content, StringComparison.Ordinal);
        var whole = Read(new Attachment("large.txt", Mode: AttachmentMode.Whole));
        Assert.Null(whole.Content);
        Assert.Equal(text, Encoding.UTF8.GetString(attachments.ReadBlob(whole.Blob!).Content));
    }

    [Fact]
    public void More_than_8_MiB_is_not_sent_whole_and_more_than_64_MiB_is_not_read()
    {
        Write("huge.txt", new string('a', Attachments.MaxTextBytes + 1));
        Assert.Contains(
            "over 8 MiB",
            attachments.Inspect(new Attachment("huge.txt", Mode: AttachmentMode.Whole)).Problem,
            StringComparison.Ordinal
        );
        Assert.Null(attachments.Inspect(new Attachment("huge.txt", Mode: AttachmentMode.Summary)).Problem);
        using (var sparse = new FileStream(Path.Combine(folder, "sparse.bin"), FileMode.Create))
        {
            sparse.SetLength(100L << 30);
        }
        Assert.Contains("not read", attachments.Inspect(new Attachment("sparse.bin")).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void For_a_binary_file_only_name_and_size_are_sent()
    {
        Write("a.bin", [1, 2, 0, 3]);
        var file = attachments.Inspect(new Attachment("a.bin"));
        Assert.Equal(AttachmentKind.Binary, file.Kind);
        Assert.Contains("is not text", file.Note, StringComparison.Ordinal);
        var part = Read(new Attachment("a.bin"));
        Assert.Equal((null, null, 4L), (part.Content, part.Blob, part.Size));
    }

    [Fact]
    public void Keys_of_the_vault_never_go_out_with_a_file()
    {
        redactor.Register("sk-very-secret-0123456789");
        Write(".env", "KEY=sk-very-secret-0123456789\n");
        Assert.Equal("KEY=***\n", Read(new Attachment(".env")).Content);
        Assert.Contains("***", attachments.Inspect(new Attachment(".env")).Note, StringComparison.Ordinal);
    }

    [Fact]
    public void One_file_that_cannot_go_keeps_all_of_them_back_and_nothing_is_stored()
    {
        Write("a.png", Png);
        Assert.Contains("does not exist", Refusal(new Attachment("a.png"), new Attachment("gone.txt")), StringComparison.Ordinal);
        Assert.False(Directory.Exists(paths.Blobs));
    }

    [Fact]
    public void An_image_is_detected_by_its_bytes_and_stored_by_hash()
    {
        Write("picture.txt", Png);
        var part = Read(new Attachment("picture.txt"));
        Assert.Equal(("image/png", Blobs.IdOf(Png)), (part.MediaType, part.Blob));
        var stored = attachments.StoreImage("pasted.png", "image/png", Convert.ToBase64String(Png));
        Assert.Equal(part.Blob, stored.Blob);
        Assert.Equal("pasted.png", Read(new Attachment(null, stored.Blob, "pasted.png")).Path);
    }

    [Theory]
    [InlineData("image/jpeg"), InlineData("image/svg+xml"), InlineData("text/html")]
    public void An_image_with_another_type_than_declared_is_rejected(string mediaType) =>
        Assert.Contains(
            "is not a PNG",
            Assert.Throws<FailureException>(() => attachments.StoreImage("a", mediaType, Convert.ToBase64String(Png))).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void A_broken_or_oversized_upload_is_a_sentence()
    {
        Assert.Contains(
            "is incomplete",
            Assert.Throws<FailureException>(() => attachments.StoreImage("a", "image/png", "%%%")).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "over 20 MiB",
            Assert.Throws<FailureException>(() => attachments.StoreImage("a", "image/png", new string('A', 30 << 20))).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_file_that_changed_since_it_was_sent_is_noticed_and_one_that_was_only_touched_is_not()
    {
        var path = Write("a.txt", "one");
        var sent = Read(new Attachment("a.txt"));
        Assert.False(attachments.HasChanged(sent));
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddHours(1));
        Assert.False(attachments.HasChanged(sent));
        Write("a.txt", "two");
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddHours(2));
        Assert.True(attachments.HasChanged(sent));
        Write("a.txt", "longer");
        Assert.True(attachments.HasChanged(sent));
        File.Delete(path);
        Assert.Null(attachments.HasChanged(sent));
    }

    [Fact]
    public void A_pinned_file_must_lie_in_the_workspace_and_a_large_one_goes_as_its_summary()
    {
        Write("large.txt", string.Concat(Enumerable.Repeat("some line\n", 40_000)));
        var large = attachments.InspectPinned("large.txt");
        Assert.Equal(AttachmentMode.Summary, large.Mode);
        Assert.Empty(large.Questions);
        var outside = Write("../other/secret.txt", "s");
        Assert.Contains("is outside", attachments.InspectPinned(outside).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_a_pinned_image_brings_bytes_along()
    {
        Write("a.txt", "text");
        Write("a.png", Png);
        var (text, image) = (attachments.ReadPinned("a.txt").Part!, attachments.ReadPinned("a.png").Part!);
        Assert.Equal(("text", null, true), (text.Content, text.Data, text.IsPinned));
        Assert.Equal((null, true), (image.Content, image.IsPinned));
        Assert.Equal(Png, image.Data?.ToArray());
        Assert.Null(attachments.ReadPinned("gone.txt").Part);
    }

    internal static readonly byte[] Png = [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A, 1, 2, 3];

    private MessagePart.File Read(Attachment wanted) => Assert.Single(attachments.Read([wanted]));

    private string Refusal(params Attachment[] wanted) => Assert.Throws<FailureException>(() => attachments.Read(wanted)).Message;

    private string Write(string path, string text) => Write(path, Encoding.UTF8.GetBytes(text));

    private string Write(string path, byte[] content)
    {
        var full = Path.GetFullPath(path, folder);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        using var stream = new FileStream(full, FileMode.Create);
        stream.Write(content);
        return full;
    }
}
