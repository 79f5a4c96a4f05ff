using System.Globalization;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;

namespace Plue.Server.Transfer;

/// <summary>Limits for the content of untrusted files.</summary>
internal static class ImportLimits
{
    public const long MaxFileBytes = 512L * 1024 * 1024;
    public const int MaxMessages = 200_000;
    private const int MaxNameLength = 200;

    /// <exception cref="FailureException">BadRequest: too many messages.</exception>
    public static void Check(int messages)
    {
        if (messages > MaxMessages)
        {
            throw new FailureException(
                FailureKind.BadRequest,
                "The file has more than 200,000 messages, the maximum for one chat. Split it and import the parts."
            );
        }
    }

    /// <summary>Returns the name of a model or tool on one line, with a length limit.</summary>
    public static string Name(string name)
    {
        var plain = new string([.. name.Where(letter => !char.IsControl(letter)).Take(MaxNameLength)]).Trim();
        return plain.Length == 0 ? "unnamed" : plain;
    }

    /// <returns>Null if it is not an image that a chat can show.</returns>
    public static MessagePart.File? Image(string? base64, int number)
    {
        if (base64 is null || base64.Length > Blobs.MaxBytes)
        {
            return null;
        }

        try
        {
            var content = Convert.FromBase64String(base64);
            return ImageType.Detect(content) is { } mediaType
                ? new MessagePart.File(string.Create(CultureInfo.InvariantCulture, $"image-{number}.{mediaType["image/".Length..]}"), null)
                {
                    MediaType = mediaType,
                    Size = content.Length,
                    Data = content,
                }
                : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
