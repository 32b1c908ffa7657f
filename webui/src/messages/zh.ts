/**
 * 简体中文。One noun, one meaning:
 *
 * sound 声音 · library 音库 · search, ask 检索 · question 检索条件 · hit, answer 结果 · like, similar 相似 · match 匹配
 * passage 片段 · tune 旋律 · hum 哼唱 · recording 录音 · waveform 波形 · spectrogram 频谱图 · loudness 响度 · pitch 音高
 * audition 试听 · player 播放器 · tag 标签 · facet, filter 筛选条件 · folder 文件夹 · collection 收藏夹 · note 备注
 * like (opinion) 喜欢 · dislike 不喜欢 · duplicate 重复声音 · upload 上传 · job 任务 · map 地图 · certainty 把握
 * saved search 已存检索 · service 检索服务 · key (API) 密钥 · shortcut 快捷键 · remove 移除 · delete 删除
 *
 * A space stands between Chinese and Latin letters or digits; marks are the full-width ones. What is said to somebody
 * says "您" nowhere: sentences do without.
 */
import { catalogue } from "./placeholders";

export const zh = catalogue({
  // the frame
  Search: "检索",
  Map: "地图",
  Library: "音库",
  "Skip to the sounds": "跳到声音列表",
  Views: "视图",
  Settings: "设置",
  Keyboard: "键盘",
  "Colours: {theme}": "颜色：{theme}",
  "as the system": "跟随系统",
  dark: "深色",
  light: "浅色",
  Close: "关闭",
  "{what}: {why}": "{what}：{why}",

  // titles of the page
  "not {name}": "不要 {name}",
  "like {name}": "与 {name} 相似",
  "like a sound": "与某个声音相似",
  "a tune": "一段旋律",
  "sound {id}": "声音 {id}",

  // the folders of the library
  Folders: "文件夹",
  "No folder yet.": "还没有文件夹。",
  Uploads: "上传的声音",
  "{n} sound, kept with the library|{n} sounds, kept with the library": "{n} 个声音，保存在音库中",
  "{n} sound|{n} sounds": "{n} 个声音",
  "looked through {when}": "上次扫描：{when}",
  "{n} missing": "缺少 {n} 个文件",
  "It is not there now: its disk may be away. What is known of it is kept.":
    "文件夹现在不在：磁盘可能没有接上。已知的内容会保留。",
  "Is scanned": "正在扫描",
  "Scan again": "重新扫描",
  "Remove {what}": "移除 {what}",
  Remove: "移除",
  "Add a folder of the machine that the service runs on, by its path": "按路径添加检索服务所在机器上的文件夹",
  Add: "添加",
  "The folder was not added": "文件夹没有添加",
  "{name} could not be scanned": "无法扫描 {name}",
  "{name} and its sounds taken out of the library; its files stay":
    "已将 {name} 及其声音移出音库；文件保留不动",
  Undo: "撤销",
  "Not removed": "没有移除",

  // numbers
  "{seconds} s": "{seconds} 秒",
  "less than a minute": "不到 1 分钟",
  "about {minutes} min": "约 {minutes} 分钟",
  "about {hours} h": "约 {hours} 小时",

  // screens
  "The library is empty": "音库是空的",
  "Add sounds, and they can be found by words, by example and by what you like.":
    "添加声音后，就可以按文字、按示例或按喜好来检索。",
  "Add sounds": "添加声音",
  "Or index a whole folder where it lies: {command}": "也可以直接为整个文件夹建立索引：{command}",
  "No sound passes these filters": "没有声音符合这些筛选条件",
  "Nothing sounds like that": "没有与此相似的声音",
  "What comes closest is below, and it is not close.": "下面是最接近的声音，但并不相近。",
  "Nothing in this library comes near it.": "音库中没有与它相近的声音。",
  "Search without filters": "不带筛选条件检索",
  "Show all sounds": "显示全部声音",
  "Hum nearer to the microphone, for three seconds or more, and hold each note. What was recorded can be heard at its chip.":
    "请靠近麦克风，哼唱三秒以上，并把每个音唱稳。录下的内容可以在它的标记上试听。",
  "Try other words, or drop a sound that is like it: examples find what names do not say.":
    "换些词试试，或拖入一个相似的声音：示例能找到名称里没有写的声音。",
  "This cannot be asked": "无法这样检索",
  "If it is the sound: WAV, FLAC, Ogg, MP3, M4A and most others can be read, unless the file is damaged or only named like one.":
    "如果问题在声音文件：WAV、FLAC、Ogg、MP3、M4A 及多数其他格式都能读取，除非文件已损坏，或只是扩展名如此。",
  Back: "返回",
  "Start anew": "重新开始",
  "The search service does not answer.": "检索服务没有响应。",
  "It may be restarting; this page goes on by itself as soon as it is back. If you run it, look at the window of {command}.":
    "它可能正在重启；恢复后本页会自动继续。如果由自己运行，请查看 {command} 的窗口。",
  "This key is not known, or it was revoked.": "此密钥不存在，或已被撤销。",
  "This library needs a key": "此音库需要密钥",
  "Ask whoever runs it for an API key. It stays in this browser, where no script can read it.":
    "请向音库的管理者索取 API 密钥。密钥只保存在此浏览器中，任何脚本都无法读取。",
  "{n} file on the way to the library: sending goes on after that.|{n} files on the way to the library: sending goes on after that.":
    "有 {n} 个文件等待传入音库：输入密钥后继续上传。",
  "API key": "API 密钥",
  Enter: "进入",
  "Keys are made with {command}": "用 {command} 创建密钥",

  // settings
  Language: "语言",
  "as the browser": "跟随浏览器",
  Colours: "颜色",
  "Sounds are played by": "声音输出设备",
  "the system's output": "系统默认输出",
  "output {place}": "输出设备 {place}",
  "Low rows, the name of the file first": "紧凑行，先显示文件名",
  "Audition: what is chosen plays at once": "试听：选中即播放",
  "Again and again": "循环播放",
  "Equally loud, as far as it was measured": "统一响度（已测量的声音）",
  "Single letters are shortcuts": "单个字母用作快捷键",
  "They are kept in this browser.": "这些设置保存在此浏览器中。",

  // keys
  "Type a question": "输入检索内容",
  "Choose a sound": "选择声音",
  "Play from the match, pause": "从匹配处播放，暂停",
  "Back and forth by a second": "后退或前进一秒",
  "Show the sound": "显示声音详情",
  "More like this; of a tune, the same tune": "更多相似声音；对旋律则找相同旋律",
  "Also like this: add it to the question": "也要与它相似：加入检索条件",
  "Not like this": "不要与它相似",
  "Audition: what is chosen plays at once, on and off": "试听（选中即播放）：开或关",
  "From the hit to the question's sound and back, at the same place (A/B)":
    "在结果与检索所用的声音之间切换，位置不变（A/B 对比）",
  "The match before in a long recording, and the next one": "长录音中的上一处、下一处匹配",
  Like: "喜欢",
  Dislike: "不喜欢",
  Spectrogram: "频谱图",
  Record: "录音",
  "Select many; also Shift and Ctrl with a click": "选择多个；也可按住 Shift 或 Ctrl 点击",
  "Select one more, or one less": "多选一个或少选一个",
  "Select all that are listed": "选择列出的全部声音",
  "Undo a removal": "撤销移除",
  "Close; select none": "关闭；取消选择",
  "These keys": "显示这些快捷键",

  // passages in numbers
  "The passage in seconds": "片段（秒）",
  "from {field} s": "从 {field} 秒",
  "to {field} s": "到 {field} 秒",
  "It has to end after it starts, within the sound.": "结束须在开始之后，且不超出声音的长度。",
});
